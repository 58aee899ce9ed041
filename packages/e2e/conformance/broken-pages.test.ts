import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import http, { type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { type ScriptedTrino, startScriptedTrino } from '@trino-gateway/testing';
import { next, pageOf, run, send, session, submit } from '@trino-gateway/testing/protocol/wire';
import { type Suite, startSuite } from '@trino-gateway/testing/suite/suite';
import { createCertificateAuthority } from '@trino-gateway/testing/tls/certificate-authority';
import { converse, firstAnswer } from './support/raw-socket.ts';

// Scripted clusters that answer what no real one would. One speaks TLS and the client does not, so that links must be replaced in
// its pages; the other is reached through a server that cuts what passes it.
const ROWS = Array.from({ length: 500 }, (_, at) => [`row ${at} ${'x'.repeat(100)}`]);
const SQL = 'SELECT broken';
let trino: ScriptedTrino;
let behindCuts: ScriptedTrino;
let cutting: CuttingServer;
let suite: Suite;

beforeAll(async () => {
  const authority = createCertificateAuthority('an authority');
  trino = await startScriptedTrino({ tls: authority.issue(['127.0.0.1']), processForwarded: false });
  behindCuts = await startScriptedTrino();
  for (const one of [trino, behindCuts]) one.when(SQL, { columns: [{ name: 'a', type: 'varchar' }], rows: ROWS });
  cutting = await startCuttingServer(behindCuts.port);
  suite = await startSuite({ listeners: 2 });
  const caFile = join(suite.folder, 'ca.pem');
  await writeFile(caFile, authority.cert);
  await suite.addBackends({ whole: trino.url }, { tls: { caFile } });
  await suite.addBackends({ cut: cutting.url });
  for (const [at, id] of ['whole', 'cut'].entries()) {
    await suite.addGroup(id, [id]);
    const policy = { id, listeningPort: suite.router.ports[at], groupId: id };
    await suite.call('PolicyService/PutPolicy', { policy });
  }
}, 120_000);

afterAll(async () => {
  await suite?.[Symbol.asyncDispose]();
  await cutting?.[Symbol.asyncDispose]();
  await behindCuts?.[Symbol.asyncDispose]();
  await trino?.[Symbol.asyncDispose]();
}, 60_000);

const whole = () => suite.router.urls[0] ?? '';
const cut = () => suite.router.urls[1] ?? '';

test.each<Cut>(['in the middle of its chunks', 'before its length is reached', 'by a reset after its head'])(
  'case 45: a page that a cluster cuts %s is cut for the client, never ended, and can be had again',
  async (how) => {
    const seen = await run(cut(), SQL, session, (page) => page.nextUri?.includes('/executing/') === true);
    let link = next(seen.last);
    const { host, pathname } = new URL(link);
    Object.assign(cutting, { next: how, path: pathname });
    const head = `GET ${pathname} HTTP/1.1\r\nHost: ${host}\r\n\r\n`;
    const { text, closed } = await converse(cut(), head);
    const { status, lines, body } = firstAnswer(text);
    const length = lines.find((line) => line.startsWith('content-length:'))?.split(':')[1] ?? Infinity;
    // Nothing came, or the head and no end.
    expect([closed, status === 0 || status === 200, body.endsWith('\r\n0\r\n\r\n')]).toEqual([true, true, false]);
    expect(body.length).toBeLessThan(Number(length));
    const rows: unknown[][] = [];
    for (;;) {
      const page = pageOf(await send('GET', link));
      rows.push(...(page.data ?? []));
      if (page.nextUri === undefined) break;
      link = page.nextUri;
    }
    expect(rows).toEqual(ROWS);
  },
);

test('case 46: where a link of a page leads to another host, the gateway goes there for nobody', async () => {
  const asked: unknown[] = [];
  const other = http.createServer((request, response) => {
    asked.push(request.url);
    response.end();
  });
  other.listen(0, '127.0.0.1');
  await once(other, 'listening');
  const foreign = `http://127.0.0.1:${(other.address() as AddressInfo).port}`;
  const page = await submit(whole(), SQL);
  const { pathname } = new URL(next(page));
  answerOnce(pathname, JSON.stringify({ ...page, infoUri: `${foreign}/ui/`, nextUri: foreign + pathname }));
  expect((await send('GET', next(page))).status).toBe(200);
  // Whatever a client makes of that page: what it asks the gateway for goes to the cluster of the query.
  for (const target of [
    whole() + pathname,
    `${whole()}/${foreign}${pathname}`,
    `${whole()}//${new URL(foreign).host}/`,
  ])
    expect([200, 400, 404]).toContain((await send('GET', target)).status);
  const absolute = `GET ${foreign}${pathname} HTTP/1.1\r\nHost: ${new URL(foreign).host}\r\nConnection: close\r\n\r\n`;
  expect((await converse(whole(), absolute)).closed).toBe(true);
  expect(asked).toEqual([]);
  other.close();
});

test('case 7, 47: links are replaced wherever they stand in a page, and whatever reads like one stays', async () => {
  const page = await submit(whole(), SQL);
  const { pathname } = new URL(next(page));
  const link = `${trino.url}${pathname}`;
  const text = '"nextUri":"http://evil/", infoUri </script> \\ud83d \\';
  const { nextUri: _, infoUri: __, ...rest } = page;
  const odd = { future: { nextUri: 'http://evil/', list: [1, { infoUri: 'x' }] }, data: [[text], ['{"nextUri":"x"}']] };
  const numbers = ' "big" : 9223372036854775807 , "small":1.000000000000000000001 ,';
  const columns = [{ name: 'nextUri', type: 'varchar' }];
  const before = `{${numbers}${JSON.stringify({ ...odd, ...rest, columns }).slice(1, -1)}, "nextUri" :  "`;
  answerOnce(pathname, `${before}${link}", "later":null}`);
  const got = await send('GET', next(page));
  expect(got.text).toBe(`${before}${whole()}${pathname}", "later":null}`);
  expect(pageOf(await send('GET', next(pageOf(got)))).id).toBe(page.id);
});

/** The next GET of this path is answered with this text. */
function answerOnce(path: string, body: string): void {
  const headers = [['Content-Type', 'application/json']] as const;
  const on = (request: { method: string; path: string }) => request.method === 'GET' && request.path === path;
  trino.fault({ on, action: { kind: 'status', status: 200, headers, body } });
}

type Cut = 'in the middle of its chunks' | 'before its length is reached' | 'by a reset after its head';

/** A server that passes on, and cuts the next executing page as it is told. */
/** Cuts the next page of that path. */
type CuttingServer = AsyncDisposable & { url: string; next: Cut | undefined; path: string | undefined };

async function startCuttingServer(port: number): Promise<CuttingServer> {
  const server: Server = http.createServer((request, response) => {
    const { method, url: path = '', rawHeaders } = request;
    const onward = http.request({ port, agent: false, method, path, headers: rawHeaders });
    onward.on('error', () => response.destroy());
    onward.on('response', async (answer) => {
      const body = Buffer.concat(await answer.toArray());
      // The monitor asks for pages, too.
      const how = path === own.path ? own.next : undefined;
      const { statusCode = 502, headers } = answer;
      if (how === undefined) {
        response.writeHead(statusCode, headers).end(body);
        return;
      }
      own.next = undefined;
      const { 'content-length': _length, 'transfer-encoding': _chunked, ...kept } = headers;
      const framing = how === 'in the middle of its chunks' ? {} : { 'content-length': body.length };
      response.writeHead(statusCode, { ...kept, ...framing });
      response.flushHeaders();
      if (how === 'by a reset after its head') response.socket?.resetAndDestroy();
      else response.write(body.subarray(0, body.length / 2), () => response.destroy());
    });
    request.pipe(onward);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const own: CuttingServer = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    next: undefined,
    path: undefined,
    [Symbol.asyncDispose]: async () => {
      server.close();
      server.closeAllConnections();
    },
  };
  return own;
}
