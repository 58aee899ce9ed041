import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { startScriptedTrino } from '@trino-gateway/testing';
import { startGatewayserver, type TestGatewayserver } from '@trino-gateway/testing/suite/start-gatewayserver';
import { parse } from 'yaml';
import { runCommand, type Surroundings } from './command-line.ts';

jest.setTimeout(120_000); // a busy machine starts a server slowly

const FILE = `
policies:
  - { id: port, listening_port: 8080, group_id: adhoc, request_source: bi }
  - { id: tags, client_tags: { any_of: [etl] }, group_id: etl, fallback_group_id: adhoc }
groups:
  - { id: adhoc, backend_ids: [blue, green] }
  - { id: etl, backend_ids: [green], strategy: WEIGHTED }
---
backends:
  - { id: blue, url: "http://blue:8080/", load_threshold: 40, probe: { user: probe, password: hunter2 } }
  - { id: green, url: "http://green:8080", labels: { site: north } }
`;
const ALL = ['backend "blue"', 'backend "green"', 'group "adhoc"', 'group "etl"', 'policy "port"', 'policy "tags"'];
const each = (what: string) => ALL.map((one) => `${one} ${what}`).join('\n');

let server: TestGatewayserver;
beforeAll(async () => {
  server = await startGatewayserver({ file: 'backends: [{ id: declared, url: "http://declared" }]' });
});
afterAll(async () => {
  await server[Symbol.asyncDispose]();
});

/** Runs a command line on this gatewayserver. */
function run(argv: string[], surroundings: Surroundings = {}) {
  return runCommand(argv, { ...surroundings, env: { TRINO_GATEWAY_URL: server.url, ...surroundings.env } });
}

describe('apply', () => {
  const apply = (text: string, ...more: string[]) =>
    run(['apply', '-f', 'f.yaml', ...more], { files: { 'f.yaml': text } });

  test('a dry run says what would be done and does nothing', async () => {
    expect(await apply(FILE, '--dry-run')).toEqual({ code: 0, out: each('would be created'), err: '' });
    expect((await server.call('GroupService/ListGroups')).groups).toBeUndefined();
  });

  test('everything is created in an order that works, and the second time nothing changes', async () => {
    expect(await apply(FILE)).toEqual({ code: 0, out: each('created'), err: '' });
    expect(await apply(FILE)).toEqual({ code: 0, out: each('unchanged'), err: '' });
    expect(await apply(FILE, '--dry-run')).toEqual({ code: 0, out: each('unchanged'), err: '' });
  });

  test('only what differs is changed, and only that is said to be', async () => {
    const { out } = await apply(FILE.replace('load_threshold: 40', 'load_threshold: 41'));
    expect(out).toBe(each('unchanged').replace('"blue" unchanged', '"blue" changed'));
    expect(await server.call('BackendService/GetBackend', { id: 'blue' })).toMatchObject({ loadThreshold: 41 });
    await apply(FILE);
  });

  test('what was disabled by hand stays so', async () => {
    await run(['disable', 'backend', 'blue']);
    expect((await apply(FILE)).out).toBe(each('unchanged'));
    await run(['enable', 'backend', 'blue']);
  });

  test('what a list prints can be applied again, in both formats, from standard input', async () => {
    for (const format of ['json', 'yaml']) {
      for (const kind of ['backends', 'groups', 'policies']) {
        const listed = await run(['list', kind, '-o', format]);
        const applied = await run(['apply', '-f', '-'], { files: { '-': listed.out } });
        expect([applied.code, applied.err]).toEqual([0, '']);
        expect(applied.out).not.toMatch(/ (created|changed)$/m);
      }
    }
  });

  test('a file with several errors is refused whole with all of them, and nothing is written', async () => {
    const bad = await apply(`
backends: [{ id: new, url: nowhere }, { id: other, url: "http://other" }]
groups: [{ id: adhoc, backend_ids: [ghost] }]
policies: [{ id: p, host: x, group_id: phantom, colour: red }]
`);
    expect([bad.code, bad.out]).toEqual([2, '']);
    expect(bad.err.split('\n').map((line) => line.split(': ', 2).join(': '))).toEqual([
      'f.yaml: backends[0].url',
      'f.yaml: policies[0].colour',
      'f.yaml: groups[0].backend_ids',
      'f.yaml: policies[0].group_id',
    ]);
    await expect(server.call('BackendService/GetBackend', { id: 'other' })).rejects.toMatchObject({
      code: 'not_found',
    });
  });

  test('what a configuration file declares is not touched, and named before anything is written', async () => {
    const text = 'backends: [{ id: first, url: "http://first" }, { id: declared, url: "http://elsewhere" }]';
    const { code, err } = await apply(text);
    expect([code, err]).toEqual([
      2,
      'backend "declared": a configuration file of the gatewayserver declares it; change it there',
    ]);
    await expect(server.call('BackendService/GetBackend', { id: 'first' })).rejects.toMatchObject({
      code: 'not_found',
    });
    expect((await apply('backends: [{ id: declared, url: "http://declared" }]')).out).toBe(
      'backend "declared" unchanged',
    );
  });
});

describe('get and list', () => {
  test('a table for people, as wide as the terminal', async () => {
    const { out } = await run(['list', 'backends'], { columns: 50 });
    const [head, first] = out.split('\n');
    expect(head).toMatch(/^ID +AVAIL/);
    expect(first).toMatch(/^blue +no +http/);
    expect(Math.max(...out.split('\n').map((line) => line.length))).toBeLessThanOrEqual(50);
    expect((await run(['list', 'policies'])).out).toMatch(
      /^port +yes +port 8080 +adhoc +- +- +bi\ntags +yes +any tag of etl +etl +adhoc +- +-$/m,
    );
    expect((await run(['list', 'groups'])).out).toMatch(/^adhoc +yes +LEAST_LOAD +blue, green$/m);
  });

  test('JSON and YAML for programs', async () => {
    expect(JSON.parse((await run(['get', 'backend', 'blue', '-o', 'json'])).out)).toEqual(
      await server.call('BackendService/GetBackend', { id: 'blue' }),
    );
    expect(parse((await run(['get', 'group', 'etl', '-o', 'yaml'])).out)).toEqual({
      id: 'etl',
      enabled: true,
      backend_ids: ['green'],
      strategy: 'WEIGHTED',
    });
    expect((await run(['get', 'policy', 'port'])).out).toMatch(/^listening_port +8080$/m);
  });

  test('no answer holds a password', async () => {
    for (const format of ['table', 'json', 'yaml'])
      expect((await run(['get', 'backend', 'blue', '-o', format])).out).not.toContain('hunter2');
  });

  test('an id that does not exist is 1, with one line', async () => {
    for (const kind of ['backend', 'group', 'policy', 'query']) {
      const { code, out, err } = await run(['get', kind, 'ghost']);
      expect([code, out]).toEqual([1, '']);
      expect(err).toMatch(/^[^\n]*"ghost"[^\n]*trino-gateway list[^\n]*$/);
    }
  });

  test('more objects than a page holds all come', async () => {
    const ids = Array.from({ length: 1_005 }, (_, at) => `many-${at}`);
    const file = JSON.stringify({ backends: ids.map((id) => ({ id, url: 'http://many' })) });
    await using other = await startGatewayserver({ file });
    const { out } = await run(['list', 'backends', '-o', 'json', '--url', other.url]);
    expect((JSON.parse(out) as { backends: unknown[] }).backends).toHaveLength(1_005);
  });
});

describe('enable, disable, drain, delete', () => {
  test('each id is done, and one that fails does not keep the others from it', async () => {
    expect(await run(['disable', 'backend', 'blue', 'ghost', 'green'])).toEqual({
      code: 1,
      out: 'backend "blue" disabled\nbackend "green" disabled',
      err: expect.stringMatching(/^[^\n]*"ghost"[^\n]*$/),
    });
    expect(await server.call('BackendService/GetBackend', { id: 'green' })).toMatchObject({ enabled: false });
    expect((await run(['enable', 'backend', 'blue', 'green'])).code).toBe(0);
    for (const [kind, id, service] of [
      ['group', 'etl', 'Group'],
      ['policy', 'tags', 'Policy'],
    ] as const) {
      expect((await run(['disable', kind, id])).out).toBe(`${kind} "${id}" disabled`);
      expect(await server.call(`${service}Service/Get${service}`, { id })).toMatchObject({ enabled: false });
      expect((await run(['enable', kind, id])).out).toBe(`${kind} "${id}" enabled`);
    }
  });

  test('drain', async () => {
    expect(await run(['drain', 'blue', 'green'])).toEqual({
      code: 0,
      out: 'backend "blue" draining\nbackend "green" draining',
      err: '',
    });
    expect(await server.call('BackendService/GetBackend', { id: 'blue' })).toMatchObject({
      enabled: true,
      condition: { draining: true },
    });
    await run(['enable', 'backend', 'blue', 'green']);
  });

  test('what is referred to is not deleted, and the answer names who refers to it', async () => {
    const { code, err } = await run(['delete', 'group', 'etl']);
    expect([code, err]).toEqual([1, expect.stringContaining('policy "tags"')]);
    await server.call('PolicyService/PutPolicy', { policy: { id: 'gone', host: 'x', groupId: 'adhoc' } });
    await server.call('GroupService/PutGroup', { group: { id: 'gone', backendIds: ['blue'] } });
    await server.call('BackendService/PutBackend', { backend: { id: 'gone', url: 'http://gone' } });
    for (const kind of ['policy', 'group', 'backend'])
      expect(await run(['delete', kind, 'gone'])).toEqual({ code: 0, out: `${kind} "gone" deleted`, err: '' });
  });

  test('where those go on who wait in a deleted group', async () => {
    await server.call('GroupService/PutGroup', { group: { id: 'gone', backendIds: ['blue'] } });
    const to = (group: string, kind = 'group') => run(['delete', kind, 'gone', '--move-queued-to', group]);
    expect(await to('adhoc', 'backend')).toMatchObject({ code: 2, out: '', err: expect.stringContaining('groups') });
    expect(await to('ghost')).toMatchObject({ code: 1, err: expect.stringContaining('"ghost"') });
    expect(await to('adhoc')).toEqual({ code: 0, out: 'group "gone" deleted', err: '' });
  });
});

test('decide says where a query would go and what each step thinks', async () => {
  await server.call('BackendService/MarkHealthy', { id: 'green' });
  const argv = ['decide', '--port', '9', '-H', 'X-Trino-Client-Tags: etl', '--user', 'ann', '--statement', 'SELECT 1'];
  const { code, out } = await run(argv);
  expect(code).toBe(0);
  expect(out).toMatch(/^backend: green\ngroup: etl\ndecided by: policy tags\n\nSTEP +OUTCOME +REASON\npolicies +CHOSE/);
  const json = JSON.parse((await run([...argv, '-o', 'json'])).out) as { decision: unknown };
  expect(json.decision).toMatchObject({ backendId: 'green', groupId: 'etl' });
  const refused = await run(['decide', '--port', '9', '--host', 'nobody']);
  expect([refused.code, refused.out.split('\n')[0]]).toEqual([0, 'refused']);
});

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

  test('without, with a wrong one and with too little the line says which to give, and shows none', async () => {
    const file = { files: { f: 'backends: [{ id: a, url: "http://a" }]' } };
    const cases = [
      [['list', 'backends'], `${guarded.url} wants a token: give --token-file, --token or TRINO_GATEWAY_TOKEN`],
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

test('a gatewayserver that does not answer is given up after --timeout', async () => {
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
