import { readFileSync } from 'node:fs';
import { Agent, request } from 'node:http';
import { connect, type Socket } from 'node:net';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals';
import { type ScriptedTrino, startScriptedTrino } from '@trino-gateway/testing';
import { until } from '@trino-gateway/testing/processes/until';
import { type Suite, startSuite } from '@trino-gateway/testing/suite/suite';
import { untilNothingIsLeft } from '../smuggling/router-counts.ts';
import { type Recorder, startRecorder } from '../smuggling/wire/recorder.ts';

// Attacks in small; CONFORMANCE_IDLE and CONFORMANCE_GUESSES say how many connections and guesses there are: 10000 and 1000000 in full.
const IDLE = Number(process.env.CONFORMANCE_IDLE ?? 300);
const GUESSES = Number(process.env.CONFORMANCE_GUESSES ?? 1_000);
const CLIENTS = 20;
const MB = 1_048_576;

let trino: ScriptedTrino;
let limited: ScriptedTrino;
let recorder: Recorder;
let suite: Suite;
const sockets: Socket[] = [];

beforeAll(async () => {
  trino = await startScriptedTrino();
  limited = await startScriptedTrino();
  recorder = await startRecorder('bmbed');
  for (const one of [trino, limited]) one.when(/^SELECT held/, { runMs: Number.POSITIVE_INFINITY });
  suite = await startSuite({ gatewayserver: { DEFAULT_GROUP: 'all' } });
  await suite.addBackends({ one: trino.url, recorder: recorder.url });
  await suite.addBackends({ limited: limited.url }, { maxRunningQueries: 1 });
  await suite.addGroup('all', ['one']);
  await suite.addGroup('limited', ['limited']);
  await suite.call('PolicyService/PutPolicy', {
    policy: { id: 'limited', host: 'limited.example', groupId: 'limited' },
  });
}, 120_000);

afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  agent.destroy();
  await untilNothingIsLeft(suite.router.opsUrl);
});

afterAll(async () => {
  await suite[Symbol.asyncDispose]();
  for (const one of [trino, limited, recorder]) await one[Symbol.asyncDispose]();
});

const agent = new Agent({ keepAlive: true, maxSockets: 16 });
type Reply = { status: number; text: string; bytes: number };

function ask(method: string, target: string, headers: Record<string, string> = {}, body?: Buffer): Promise<Reply> {
  const [port] = suite.router.ports;
  const all = { Host: 'gateway.example', 'X-Trino-User': 'mallory', ...headers };
  return new Promise((resolve, reject) => {
    const asking = request({ agent, host: '127.0.0.1', port, method, path: target, headers: all }, (answer) => {
      const chunks: Buffer[] = [];
      answer.on('data', (chunk: Buffer) => chunks.push(chunk));
      answer.once('error', reject);
      answer.once('end', () => {
        const whole = Buffer.concat(chunks);
        resolve({ status: answer.statusCode ?? 0, text: whole.toString(), bytes: whole.length });
      });
    });
    asking.once('error', reject);
    asking.end(body);
  });
}

/** Connects from one of twenty addresses, and sends. */
function open(bytes: string, at = 0): Socket {
  const [port = 0] = suite.router.ports;
  const socket = connect({ port, host: '127.0.0.1', localAddress: `127.0.0.${20 + (at % CLIENTS)}` });
  socket.on('error', () => {});
  if (bytes !== '') socket.write(bytes);
  sockets.push(socket);
  return socket;
}

const pageOf = ({ text }: Reply) => JSON.parse(text) as { id: string; nextUri?: string; error?: { errorName: string } };
const pathOf = (link = '') => link.replace(/^https?:\/\/[^/]+/, '');

/** Runs a statement to its end; answers its last page. */
async function run(sql: string | Buffer, headers: Record<string, string> = {}) {
  let page = pageOf(await ask('POST', '/v1/statement', headers, Buffer.from(sql)));
  while (page.nextUri !== undefined) page = pageOf(await ask('GET', pathOf(page.nextUri), headers));
  return page;
}

const peakMb = () =>
  Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${suite.router.pid}/status`, 'utf8'))?.[1]) / 1_024;
const head = (more: string) =>
  `POST /v1/statement HTTP/1.1\r\nHost: gateway.example\r\nX-Trino-User: mallory\r\n${more}`;

test(`case 104: while ${IDLE} connections idle, heads never end and bodies trickle, others are served, and nothing is left of them`, async () => {
  const idle = Array.from({ length: IDLE }, (_, at) => open('', at));
  const slow = Array.from({ length: 100 }, (_, at) =>
    open(head(at % 2 === 0 ? 'X-A: b' : 'Content-Length: 99999\r\n\r\nS'), at),
  );
  await until('all to be connected', () => [...idle, ...slow].every(({ connecting }) => !connecting));
  const trickle = setInterval(() => {
    for (const socket of slow) if (!socket.destroyed) socket.write('x');
  }, 100);
  for (let times = 0; times < 10; times++) expect((await run('SELECT 1')).error).toBeUndefined();
  clearInterval(trickle);
});

test('case 104: of clients that hang up, that close their side, and that read nothing, nothing is left', async () => {
  trino.when('SELECT wide', {
    columns: [{ name: 'a', type: 'varchar' }],
    rows: Array.from({ length: 200 }, () => ['x'.repeat(50_000)]),
  });
  const { nextUri } = pageOf(await ask('POST', '/v1/statement', {}, Buffer.from('SELECT held')));
  const poll = `GET ${pathOf(nextUri)} HTTP/1.1\r\nHost: gateway.example\r\nX-Trino-User: mallory\r\n\r\n`;
  const before = peakMb();
  for (let at = 0; at < 20; at++) {
    open(poll, at).destroy();
    open(poll, at).end();
    open(head('Content-Length: 50\r\n\r\nSELECT'), at).end();
  }
  const wide = pageOf(await ask('POST', '/v1/statement', {}, Buffer.from('SELECT wide')));
  for (let at = 0; at < 20; at++) open(poll.replace(pathOf(nextUri), pathOf(wide.nextUri)), at).pause();
  expect((await run('SELECT 1')).error).toBeUndefined();
  expect(peakMb() - before).toBeLessThan(200);
});

test('case 106: what a client has compressed is not inflated beyond bounds', async () => {
  const before = peakMb();
  const bomb = gzipSync(Buffer.alloc(100 * MB));
  expect((await ask('POST', '/v1/statement', { 'Content-Encoding': 'gzip' }, bomb)).status).toBe(415);
  const prepared = `p=${encodeURIComponent(`$zstd:${zstdCompressSync(Buffer.alloc(100 * MB, ' ')).toString('base64url')}`)}`;
  const headers = { 'X-Trino-Prepared-Statement': prepared };
  expect((await ask('POST', '/v1/statement', headers, Buffer.from('EXECUTE p'))).status).toBe(400);
  expect(peakMb() - before).toBeLessThan(100);
});

test('case 106: a page that a cluster has compressed passes as it is, however much it would inflate to', async () => {
  const token = 't99999x';
  const page = gzipSync(
    `{"id":"20260101_000000_00007_bmbed","stats":{"state":"RUNNING"},"data":[["${'x'.repeat(200 * MB)}"]]}`,
  );
  const lines = [
    'HTTP/1.1 200 OK',
    'Content-Type: application/json',
    'Content-Encoding: gzip',
    `Content-Length: ${page.length}`,
  ];
  recorder.answer(token, { bytes: `${lines.join('\r\n')}\r\n\r\n${page.toString('latin1')}`, closes: false });
  const before = peakMb();
  const target = `/v1/statement/executing/20260101_000000_00007_bmbed/y${token}/1`;
  expect(await ask('GET', target, { 'Accept-Encoding': 'gzip' })).toMatchObject({ status: 200, bytes: page.length });
  expect(peakMb() - before).toBeLessThan(100);
});

test('case 107: control characters, HTML and escapes in a statement are text in the history, and nothing of them is in a log', async () => {
  const sql = 'SELECT \'<script>alert(1)</script>\' -- \u001b[2J\u001b]0;evil\u0007 \0 \u202e \r\n{"level":"error"}';
  const { id } = await run(sql);
  const listed = await until('the history to have it', async () => {
    const { queries = [] } = await suite.call<{ queries?: { trinoQueryId?: string; text?: string }[] }>(
      'QueryService/ListQueries',
      { pageSize: 50 },
    );
    return queries.find(({ trinoQueryId }) => trinoQueryId === id);
  });
  expect(listed.text).toBe(sql.replace('\0', '\ufffd')); // not every database stores NUL
  const shown = await fetch(`${suite.gatewayserver.url}/api/v1/queries`);
  expect(shown.headers.get('content-type')).toMatch(/^application\/json/);
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not be there
  expect(await shown.text()).not.toMatch(/[\u0000-\u0008\u000b\u001b\u0007]/);
  const logs = [suite.router, suite.gatewayserver, suite.monitor].map(({ output }) => output()).join('');
  expect(logs).not.toContain('alert(1)');
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not be there
  expect(logs).not.toMatch(/[\u0000-\u0009\u000b\u001b\u0007]/);
});

test(`case 108: ${GUESSES} guesses of the secret of a query that waits are answered as those for no query, and disturb nobody`, async () => {
  const headers = { Host: 'limited.example', 'X-Trino-User': 'alice' };
  let running = pageOf(await ask('POST', '/v1/statement', headers, Buffer.from('SELECT held')));
  running = pageOf(await ask('GET', pathOf(running.nextUri), headers));
  const waiting = pageOf(await ask('POST', '/v1/statement', headers, Buffer.from('SELECT 2')));
  const link = pathOf(waiting.nextUri);
  const [, , , , id = '', secret = ''] = link.split('/');
  const guess = (at: number) =>
    [...secret].map((letter, n) => (n > 3 && n < 20 ? 'abcdefgh'[(at >> (n % 16)) & 7] : letter)).join('');
  const unknown = id.replace(/_(\d{5})_/, '_99999_');
  const seen = { right: new Set<string>(), none: new Set<string>() };
  const times = { right: [] as number[], none: [] as number[] };
  const tryOne = async (kind: 'right' | 'none', at: number) => {
    const began = performance.now();
    const named = kind === 'right' ? id : unknown;
    const { status, text } = await ask('GET', link.replace(id, named).replace(secret, guess(at)));
    times[kind].push(performance.now() - began);
    seen[kind].add(`${status} ${text.replaceAll(named, '')}`);
  };
  for (let at = 0; at < GUESSES; at += 16)
    await Promise.all(Array.from({ length: 16 }, (_, n) => tryOne(n % 2 === 0 ? 'right' : 'none', at + n)));
  expect([...seen.right]).toEqual([...seen.none]);
  expect([...seen.right].every((answer) => answer.startsWith('404 '))).toBe(true);
  const median = (all: number[]) => all.sort((one, other) => one - other)[all.length >> 1] ?? 0;
  expect(Math.abs(median(times.right) - median(times.none))).toBeLessThan(5);
  expect(pageOf(await ask('GET', link, headers)).id).toBe(waiting.id);
  for (const page of [running, waiting]) await ask('DELETE', pathOf(page.nextUri), headers);
});
