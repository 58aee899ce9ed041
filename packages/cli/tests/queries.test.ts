import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { startScriptedTrino } from '@trino-gateway/testing';
import { startGatewayserver, type TestGatewayserver } from '@trino-gateway/testing/suite/start-gatewayserver';
import { runCommand, type Surroundings } from './support/command-line.ts';

jest.setTimeout(120_000); // a busy machine starts a server slowly

let server: TestGatewayserver;
beforeAll(async () => {
  server = await startGatewayserver({ file: 'backends: [{ id: green, url: "http://green" }]' });
});
afterAll(async () => {
  await server[Symbol.asyncDispose]();
});

/** Runs a command line on this gatewayserver. */
function run(argv: string[], surroundings: Surroundings = {}) {
  return runCommand(argv, { ...surroundings, env: { TRINO_GATEWAY_URL: server.url, ...surroundings.env } });
}

describe('queries', () => {
  const submitted = (minute: number) => new Date(Date.UTC(2026, 0, 1, 12, minute)).toISOString();
  beforeAll(async () => {
    const query = (at: number) => ({
      id: `q${at}`,
      trinoQueryId: `q${at}`,
      text: `SELECT ${at}\nFROM nation`,
      user: at % 2 ? 'ann' : 'bob',
      source: 'bi',
      groupId: 'etl',
      backendId: 'green',
      state: at === 3 ? 'FAILED' : 'FINISHED',
      submittedAt: submitted(at),
      endedAt: submitted(at + 1),
      ...(at === 3 && { error: { name: 'SYNTAX_ERROR', code: 1, message: 'line 1' } }),
    });
    await server.call('QueryService/RecordQueries', { queries: Array.from({ length: 12 }, (_, at) => query(at)) });
  });
  const ids = async (...argv: string[]) => {
    const { out } = await run([...argv, '-o', 'json']);
    return (JSON.parse(out) as { queries: { id: string }[] }).queries.map(({ id }) => id);
  };

  test('filters, order and limit', async () => {
    expect(await ids('queries', '--user', 'ann', '--limit', '3')).toEqual(['q11', 'q9', 'q7']);
    expect(await ids('list', 'queries', '--oldest-first', '--limit', '2')).toEqual(['q0', 'q1']);
    expect(await ids('queries', '--state', 'failed')).toEqual(['q3']);
    expect(await ids('queries', '--after', submitted(4), '--before', submitted(6))).toEqual(['q5', 'q4']);
    const text = ['--text', 'SELECT 7', '--after', submitted(0)];
    expect(await ids('queries', ...text, '--source', 'bi', '--group', 'etl', '--backend', 'green')).toEqual(['q7']);
    expect(await ids('queries', '--user', 'nobody')).toEqual([]);
  });

  test('a table shows one line for each, and says when there are more', async () => {
    const { out, err } = await run(['queries', '--limit', '2']);
    expect(out.split('\n')).toHaveLength(3);
    expect(out).toContain('SELECT 11 FROM nation');
    expect(err).toBe('there are more than 2; --limit shows more');
    expect((await run(['queries', '--state', 'FAILED'])).out).toContain('SYNTAX_ERROR: SELECT 3 FROM nation');
    const one = await run(['get', 'query', 'q3'], { columns: 20 });
    expect(one.out).toMatch(/^error.name +SYNTAX_ERROR$/m);
    expect(one.out).toMatch(/^text +SELECT 3 FROM nation$/m);
  });

  test('cancel asks the owning cluster', async () => {
    await using trino = await startScriptedTrino();
    const id = `20260101_120000_00001_${trino.suffix}`;
    await server.call('SuiteService/RecordIncarnation', { suffix: trino.suffix, backendId: 'green', url: trino.url });
    expect(await run(['cancel', id])).toEqual({ code: 0, out: `query "${id}" cancelled`, err: '' });
    expect(JSON.stringify(trino.requests.at(-1))).toContain(`/v1/query/${id}`);
    const unknown = await run(['cancel', '20260101_120000_00001_yyyyy']);
    expect([unknown.code, unknown.err.split('\n').length]).toEqual([1, 1]);
    // Not to be taken for a gatewayserver that does not answer.
    await server.call('SuiteService/RecordIncarnation', {
      suffix: 'abcde',
      backendId: 'green',
      url: 'http://127.0.0.1:1',
    });
    const away = await run(['cancel', '20260101_120000_00001_abcde']);
    expect([away.code, away.err]).toEqual([1, 'the cluster at http://127.0.0.1:1 does not answer']);
  });
});

describe('tokens', () => {
  let guarded: TestGatewayserver;
  beforeAll(async () => {
    guarded = await startGatewayserver({ adminToken: 'admin-secret', settings: { READ_TOKEN: 'read-secret' } });
  });
  afterAll(async () => {
    await guarded[Symbol.asyncDispose]();
  });
  const withToken = (argv: string[], surroundings: Surroundings = {}) =>
    runCommand(['--url', guarded.url, ...argv], surroundings);

  test('the token is taken from option, file and environment', async () => {
    expect((await withToken(['list', 'backends', '--token', 'admin-secret'])).code).toBe(0);
    expect((await withToken(['list', 'backends', '--token-file', 't'], { files: { t: 'admin-secret\n' } })).code).toBe(
      0,
    );
    expect((await withToken(['list', 'backends'], { env: { TRINO_GATEWAY_TOKEN: 'read-secret' } })).code).toBe(0);
  });

  test('without a token, and with one that is wrong or too weak, the line says which to give and shows none', async () => {
    const file = { files: { f: 'backends: [{ id: a, url: "http://a" }]' } };
    const cases = [
      [['list', 'backends'], `${guarded.url} requires a token: give --token-file, --token or TRINO_GATEWAY_TOKEN`],
      [['cancel', 'q', '--token', 'wrong-secret'], `${guarded.url} refuses the token: `],
      [['apply', '-f', 'f', '--token', 'wrong-secret'], `${guarded.url} refuses the token: `],
      [['apply', '-f', 'f', '--token', 'read-secret'], 'the token opens reads only: give the admin token'],
      [['drain', 'a', 'b', '--token', 'read-secret'], 'the token opens reads only: give the admin token'],
    ] as const;
    for (const [argv, expected] of cases) {
      const { code, out, err } = await withToken([...argv], file);
      expect([code, out]).toEqual([1, '']);
      expect(err).toContain(expected);
      expect(err).not.toMatch(/secret|\n/);
    }
  });
});

test('--timeout bounds how long a silent gatewayserver is waited for', async () => {
  const sockets: Socket[] = [];
  const silent = createServer((socket) => void sockets.push(socket)).listen(0, '127.0.0.1');
  await once(silent, 'listening');
  const { port } = silent.address() as AddressInfo;
  try {
    const { code, err } = await runCommand([
      'list',
      'backends',
      '--url',
      `http://127.0.0.1:${port}`,
      '--timeout',
      '300ms',
    ]);
    expect([code, err]).toEqual([
      1,
      `no answer from http://127.0.0.1:${port} within 300 ms: try again, or give it more time with --timeout`,
    ]);
  } finally {
    for (const socket of sockets) socket.destroy();
    silent.close();
  }
});
