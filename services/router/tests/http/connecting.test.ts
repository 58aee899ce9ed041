import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { silentLogger } from '@trino-gateway/runtime';
import { until } from '@trino-gateway/testing/processes/until';
import { readAnswerBody } from '../../src/http/upstream/answer-body.ts';
import { createUpstream, type Upstream } from '../../src/http/upstream/upstream.ts';
import type { UpstreamRequest } from '../../src/http/upstream/upstream-answer.ts';
import { answerJson, startStub } from '../support/stub-cluster.ts';

// A cluster that takes connections and never says a word.
let silent: Server;
let upstream: Upstream;
const open = new Set<Socket>();

beforeEach(async () => {
  silent = createServer((socket) => {
    open.add(socket);
    socket.on('error', () => {}).on('close', () => open.delete(socket));
    socket.resume();
  });
  await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
});

afterEach(() => {
  upstream[Symbol.dispose]();
  silent.close();
});

const get = (scheme: string, headTimeMs: number): UpstreamRequest => ({
  url: `${scheme}://127.0.0.1:${(silent.address() as AddressInfo).port}`,
  method: 'GET',
  path: '/',
  rawHeaders: ['Host', 'cluster'],
  headTimeMs,
  signal: new AbortController().signal,
});

describe.each([true, false])('with router.fast_path: %s', (fast_path) => {
  beforeEach(() => {
    upstream = createUpstream({ connect_time_limit: 50, fast_path }, silentLogger);
  });

  test('a TLS handshake that does not end is no connection, and leaves none behind', async () => {
    const refused = { kind: 'refused', message: 'cannot connect (no connection within 50 ms)' };
    await expect(upstream.send(get('https', 5_000))).rejects.toMatchObject(refused);
    await until('the connection was closed', () => open.size === 0);
  });

  test('a connection that is there may be silent for as long as an answer may take', async () => {
    const late = { kind: 'silent', message: 'no answer within 120 ms' };
    await expect(upstream.send(get('http', 120))).rejects.toMatchObject(late);
    await until('the connection was closed', () => open.size === 0);
  });

  test('the time to connect counts for no answer that has begun, whatever its form', async () => {
    const until = 'HTTP/1.1 200 OK\r\n\r\nuntil ';
    const early = 'HTTP/1.1 103 Early Hints\r\n\r\n';
    const last = 'HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\nthe end';
    for (const { first, rest } of [
      { first: until, rest: 'the end' },
      { first: early, rest: last },
    ]) {
      const slow = createServer((socket) => {
        socket
          .on('error', () => {})
          .once('data', () => {
            socket.write(first);
            setTimeout(() => socket.end(rest), 150);
          });
      });
      await new Promise<void>((resolve) => slow.listen(0, '127.0.0.1', resolve));
      const url = `http://127.0.0.1:${(slow.address() as AddressInfo).port}`;
      const answer = await upstream.send({ ...get('http', 5_000), url });
      expect((await readAnswerBody(answer.body, 1_000, 5_000))?.toString()).toMatch(/the end$/);
      slow.close();
    }
  });

  test('a request that was given up before it is sent ends at once, and one that never gets its answer in time', async () => {
    await using odd = await startStub((_, response) => void response.writeProcessing());
    const given = { ...get('http', 5_000), url: odd.url, signal: AbortSignal.abort() };
    await expect(upstream.send(given)).rejects.toMatchObject({ kind: 'aborted' });
    expect(odd.requests).toEqual([]);
    const began = performance.now();
    await expect(upstream.send({ ...get('http', 300), url: odd.url })).rejects.toMatchObject({ kind: 'silent' });
    expect(performance.now() - began).toBeLessThan(3_000);
  });

  test('the time to connect counts for no connection that was kept', async () => {
    await using slow = await startStub((request, response) => {
      setTimeout(() => answerJson(response, '{}'), request.url === '/late' ? 150 : 0);
    });
    const request = { ...get('http', 5_000), url: slow.url };
    for (const path of ['/', '/late']) {
      const answer = await upstream.send({ ...request, path });
      await readAnswerBody(answer.body, 1_000, 5_000);
      expect(answer.status).toBe(200);
    }
    expect(new Set(slow.requests.map(({ socket }) => socket)).size).toBe(1);
  });
});
