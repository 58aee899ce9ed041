import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { describe, expect, test } from '@jest/globals';
import { runQuery } from '@trino-gateway/testing/trino-client/run-query';
import { writeCertificates } from '../contenders/certificates.ts';
import { startCoordinator } from '../contenders/coordinators.ts';
import { program, runLoad } from './load.ts';

// The program in Go: what it takes for an answer, and what its coordinator takes for a request.

const withGo = program === undefined ? describe.skip : describe;
const BRIEF = { clients: 2, seconds: 0.2 };

/** A server that says this to whatever is sent; without an end it closes instead. */
async function serverOf(answers: (request: string, count: number) => string, closes = false) {
  let count = 0;
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    socket.on('data', (chunk) => {
      socket.write(answers(String(chunk), count++));
      if (closes) socket.end();
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    [Symbol.dispose]: () => {
      for (const socket of sockets) socket.destroy();
      server.close();
    },
  };
}

const page = '{"id":"a","nextUri":"http://x/v1/statement/executing/a/y/1"}';
const head = (more: string, status = '200 OK') => `HTTP/1.1 ${status}\r\n${more}\r\n`;
const whole = (body: string) => head(`Content-Length: ${body.length}\r\n`) + body;

withGo('a load ends with a message at the first answer that is', () => {
  test.each([
    ['not 200', head('Content-Length: 4\r\n', '503 Busy').concat('busy'), 'an answer is 503: busy'],
    ['of no length', `${head('')}${page}`, 'does not say how long'],
    ['of two lengths', head('Content-Length: 1\r\nContent-Length: 2\r\n'), 'the length'],
    ['chunked and of a length', head('Content-Length: 1\r\nTransfer-Encoding: chunked\r\n'), 'the encoding'],
    ['in chunks of no size', `${head('Transfer-Encoding: chunked\r\n')}x\r\n`, 'a chunk begins with'],
    ['in chunks with no end', `${head('Transfer-Encoding: chunked\r\n')}1\r\nab\r\n`, 'a chunk ends with'],
    ['of an older HTTP', `HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\n{}`, 'an answer begins with'],
    ['no page', whole('{}'), 'an answer is no page'],
    ['longer than it says', `${whole(page)}x`, 'more was answered'],
  ])('%s', async (_, answer, message) => {
    using server = await serverOf(() => answer);
    await expect(runLoad('queries', server, BRIEF)).rejects.toThrow(message);
  });

  test('broken off', async () => {
    using server = await serverOf(() => head('Content-Length: 100\r\n').concat(page), true);
    await expect(runLoad('queries', server, BRIEF)).rejects.toThrow('ends in its middle');
  });

  test('not compressed', async () => {
    using server = await serverOf(() => whole(page));
    await expect(runLoad('queries', server, { ...BRIEF, gzip: true })).rejects.toThrow('not compressed');
  });

  test('another one for the same page', async () => {
    using server = await serverOf((_, count) => whole(`${page.slice(0, -1)},"count":${count}}`));
    await expect(runLoad('polls', server, BRIEF)).rejects.toThrow('other bytes');
  });

  test('an error of the query', async () => {
    using server = await serverOf((request) =>
      whole(request.startsWith('POST') ? page : '{"id":"a","error":{"message":"no"}}'),
    );
    await expect(runLoad('queries', server, BRIEF)).rejects.toThrow('a query failed');
  });
});

withGo('a load', () => {
  test('goes on when a kept connection is closed between two answers', async () => {
    using server = await serverOf((request) => whole(request.startsWith('POST') ? page : '{"id":"a"}'), true);
    expect((await runLoad('queries', server, BRIEF)).count).toBeGreaterThan(0);
  });

  test('at a fixed rate counts from the plan: one answer that comes late makes others late', async () => {
    await using coordinator = await startCoordinator();
    const signal = (name: NodeJS.Signals) => {
      for (const pid of coordinator.pids) process.kill(pid, name);
    };
    const begun = () => {
      signal('SIGSTOP');
      setTimeout(() => signal('SIGCONT'), 600);
    };
    const run = await runLoad('polls', coordinator, { clients: 1, seconds: 1, rate: 100 }, { begun });
    expect(run.count).toBe(100);
    expect(run.p50Ms).toBeGreaterThan(50);
  });

  test.each(['polls', 'queries', 'submissions'] as const)('begins as many %s as planned', async (name) => {
    await using coordinator = await startCoordinator();
    expect((await runLoad(name, coordinator, { clients: 3, seconds: 0.5, rate: 60 })).count).toBe(30);
  });
});

withGo('its coordinator', () => {
  test('runs statements of a client, and answers what the monitor asks of its tables', async () => {
    await using coordinator = await startCoordinator();
    expect((await runQuery(coordinator.url, 'SELECT 1')).rows).toHaveLength(1);
    expect(
      (await runQuery(coordinator.url, "SELECT count(*) FROM system.runtime.nodes WHERE state = 'active'")).rows,
    ).toEqual([[1]]);
  });

  test('gives the same page plain, compressed and over TLS', async () => {
    await using certificates = await writeCertificates();
    await using coordinator = await startCoordinator(certificates);
    for (const name of ['polls', 'queries', 'pages', 'submissions'] as const)
      for (const where of [coordinator, coordinator.tls ?? coordinator])
        for (const gzip of [false, true])
          expect((await runLoad(name, where, { clients: 1, seconds: 0.1, gzip })).count).toBeGreaterThan(0);
  });

  test('compresses large pages to a stream that says the same', async () => {
    await using coordinator = await startCoordinator();
    const ask = async (path: string, gzip: boolean) => {
      const response = await fetch(coordinator.url + path, {
        headers: { 'accept-encoding': gzip ? 'gzip' : 'identity' },
      });
      return Buffer.from(await response.arrayBuffer());
    };
    const submitted = await fetch(`${coordinator.url}/v1/statement`, { method: 'POST', body: 'SELECT large' });
    const { nextUri } = (await submitted.json()) as { nextUri: string };
    const queued = JSON.parse(String(await ask(new URL(nextUri).pathname, false))) as { nextUri: string };
    const path = new URL(queued.nextUri).pathname;
    const plain = await ask(path, false);
    expect(plain.length).toBeGreaterThan(16_000_000);
    expect((JSON.parse(String(plain)) as { data: unknown[] }).data.length).toBeGreaterThan(100_000);
    expect(plain.equals(await ask(path, true))).toBe(true);
  });

  test.each([
    ['no HTTP', 'hello\r\n\r\n'],
    ['no host', 'GET /v1/info HTTP/1.1\r\n\r\n'],
    ['a line without a name', 'GET /v1/info HTTP/1.1\r\nHost: x\r\nnothing\r\n\r\n'],
    ['an older HTTP', 'GET /v1/info HTTP/1.0\r\nHost: x\r\n\r\n'],
    ['a body in chunks', 'POST /v1/statement HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n'],
    ['a length that is none', 'POST /v1/statement HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n'],
  ])('refuses %s, and closes', async (_, request) => {
    await using coordinator = await startCoordinator();
    const socket = connect(Number(new URL(coordinator.url).port), '127.0.0.1');
    let said = '';
    socket.on('data', (chunk) => {
      said += chunk;
    });
    socket.write(request);
    await once(socket, 'close');
    expect(said).toMatch(/^HTTP\/1\.1 400 /);
  });

  test('reads a request that comes byte by byte, and two that come at once', async () => {
    await using coordinator = await startCoordinator();
    const socket = connect({ port: Number(new URL(coordinator.url).port), host: '127.0.0.1', noDelay: true });
    let said = '';
    socket.on('data', (chunk) => {
      said += chunk;
    });
    const request = 'POST /v1/statement HTTP/1.1\r\nHost: x\r\nContent-Length: 8\r\n\r\nSELECT 1';
    for (const char of request) await new Promise((resolve) => socket.write(char, resolve));
    socket.end(`${request}${request.replace('Host', 'Connection: close\r\nHost')}`);
    await once(socket, 'close');
    expect(said.match(/HTTP\/1\.1 200 OK/g)).toHaveLength(3);
  });
});
