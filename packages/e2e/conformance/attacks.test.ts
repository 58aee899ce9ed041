import { readFileSync, writeFileSync } from 'node:fs';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { type ScriptedTrino, startScriptedTrino } from '@trino-gateway/testing';
import { until } from '@trino-gateway/testing/processes/until';
import { type Suite, startSuite } from '@trino-gateway/testing/suite/suite';
import { untilNothingIsLeft } from '../smuggling/router-counts.ts';
import { type Recorder, startRecorder } from '../smuggling/wire/recorder.ts';
import { type Reply, type Way, wayNames, waysTo } from './support/ways.ts';

// Attacks in small, by each way to the router; CONFORMANCE_IDLE and CONFORMANCE_GUESSES say how many connections and guesses there are on
// its plain port: 10000 and 1000000 in full.
const NUMBERS = {
  plain: {
    idle: Number(process.env.CONFORMANCE_IDLE ?? 300),
    guesses: Number(process.env.CONFORMANCE_GUESSES ?? 1_000),
  },
  TLS: { idle: 100, guesses: 200 },
  'HTTP/2': { idle: 100, guesses: 200 },
};
/** A million guesses take ten minutes of a machine that does nothing else. */
const LIMIT_MS = 120_000 + NUMBERS.plain.guesses * 3 + NUMBERS.plain.idle * 20;
const MB = 1_048_576;

let trino: ScriptedTrino;
let limited: ScriptedTrino;
let recorder: Recorder;
let suite: Suite;
let ways: ReturnType<typeof waysTo>;

beforeAll(async () => {
  trino = await startScriptedTrino();
  limited = await startScriptedTrino();
  recorder = await startRecorder('bmbed');
  for (const one of [trino, limited]) one.when(/^SELECT held/, { runMs: Number.POSITIVE_INFINITY });
  suite = await startSuite({ tls: true, gatewayserver: { DEFAULT_GROUP: 'all' } });
  ways = waysTo(suite);
  await suite.addBackends({ one: trino.url, recorder: recorder.url });
  await suite.addBackends({ limited: limited.url }, { maxRunningQueries: 1 });
  await suite.addGroup('all', ['one']);
  await suite.addGroup('limited', ['limited']);
  await suite.call('PolicyService/PutPolicy', {
    policy: { id: 'limited', host: 'limited.example', groupId: 'limited' },
  });
}, 120_000);

afterEach(async () => {
  for (const way of Object.values(ways)) way.close();
  await untilNothingIsLeft(suite.router.opsUrl);
});

afterAll(async () => {
  await suite[Symbol.asyncDispose]();
  for (const one of [trino, limited, recorder]) await one[Symbol.asyncDispose]();
});

const pageOf = ({ text }: Reply) => JSON.parse(text) as { id: string; nextUri?: string; error?: { errorName: string } };
const pathOf = (link = '') => link.replace(/^https?:\/\/[^/]+/, '');

/** Runs a statement to its end; answers its last page. */
async function run({ ask }: Way, sql: string, headers: Record<string, string> = {}) {
  let page = pageOf(await ask('POST', '/v1/statement', headers, Buffer.from(sql)));
  while (page.nextUri !== undefined) page = pageOf(await ask('GET', pathOf(page.nextUri), headers));
  return page;
}

const statusFile = (name: string) => `/proc/${suite.router.pid}/${name}`;
const memoryMb = (what: 'VmHWM' | 'VmRSS') =>
  Number(new RegExp(`${what}:\\s+(\\d+)`).exec(readFileSync(statusFile('status'), 'utf8'))?.[1]) / 1_024;
/** How much more memory the router has had since now. */
function watchMemory(): () => number {
  writeFileSync(statusFile('clear_refs'), '5'); // the peak begins anew
  const before = memoryMb('VmRSS');
  return () => memoryMb('VmHWM') - before;
}

describe.each(wayNames)('%s', (name) => {
  const { idle: IDLE, guesses: GUESSES } = NUMBERS[name];
  const way = () => ways[name];

  test(
    `case 104: while ${IDLE} connections idle, heads never end and bodies trickle, others are served, and nothing is left of them`,
    async () => {
      const idle = Array.from({ length: IDLE }, (_, at) => way().idle(at));
      const slow = Array.from({ length: 100 }, (_, at) => way().unfinished(at));
      await until('all to be connected', () => [...idle, ...slow].every((held) => held.isConnected()), LIMIT_MS);
      const trickle = setInterval(() => {
        for (const held of slow) held.trickle();
      }, 100);
      for (let times = 0; times < 10; times++) expect((await run(way(), 'SELECT 1')).error).toBeUndefined();
      clearInterval(trickle);
    },
    LIMIT_MS,
  );

  test(
    'case 104: of clients that hang up, that close their side, and that read nothing, nothing is left',
    async () => {
      const { ask, poll, unfinished } = way();
      trino.when('SELECT wide', {
        columns: [{ name: 'a', type: 'varchar' }],
        rows: Array.from({ length: 200 }, () => ['x'.repeat(50_000)]),
      });
      const { nextUri } = pageOf(await ask('POST', '/v1/statement', {}, Buffer.from('SELECT held')));
      const more = watchMemory();
      for (let at = 0; at < 20; at++) {
        poll(pathOf(nextUri), at).hangUp();
        poll(pathOf(nextUri), at).closeItsSide();
        unfinished(at).closeItsSide();
      }
      const wide = pageOf(await ask('POST', '/v1/statement', {}, Buffer.from('SELECT wide')));
      for (let at = 0; at < 20; at++) poll(pathOf(wide.nextUri), at);
      expect((await run(way(), 'SELECT 1')).error).toBeUndefined();
      expect(more()).toBeLessThan(200);
    },
    LIMIT_MS,
  );

  test('case 106: what a client has compressed is not inflated beyond bounds', async () => {
    const { ask } = way();
    const more = watchMemory();
    const bomb = gzipSync(Buffer.alloc(100 * MB));
    expect((await ask('POST', '/v1/statement', { 'Content-Encoding': 'gzip' }, bomb)).status).toBe(415);
    const prepared = `p=${encodeURIComponent(`$zstd:${zstdCompressSync(Buffer.alloc(100 * MB, ' ')).toString('base64url')}`)}`;
    const headers = { 'X-Trino-Prepared-Statement': prepared };
    expect((await ask('POST', '/v1/statement', headers, Buffer.from('EXECUTE p'))).status).toBe(400);
    expect(more()).toBeLessThan(100);
  });

  test('case 106: a page that a cluster has compressed passes as it is, however much it would inflate to', async () => {
    const { ask } = way();
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
    const more = watchMemory();
    const target = `/v1/statement/executing/20260101_000000_00007_bmbed/y${token}/1`;
    expect(await ask('GET', target, { 'Accept-Encoding': 'gzip' })).toMatchObject({ status: 200, bytes: page.length });
    expect(more()).toBeLessThan(100);
  });

  test(
    `case 108: ${GUESSES} guesses of the secret of a query that waits are answered as those for no query, and disturb nobody`,
    async () => {
      const { ask } = way();
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
    },
    LIMIT_MS,
  );
});

test('case 107: control characters, HTML and escapes in a statement are text in the history, and nothing of them is in a log', async () => {
  const sql = 'SELECT \'<script>alert(1)</script>\' -- \u001b[2J\u001b]0;evil\u0007 \0 \u202e \r\n{"level":"error"}';
  const { id } = await run(ways.plain, sql);
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
