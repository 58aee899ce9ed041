import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { startGatewayserver, type TestGatewayserver } from '@trino-gateway/testing/suite/start-gatewayserver';
import { parse } from 'yaml';
import { runCommand, type Surroundings } from './support/command-line.ts';

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
    const { code, out, err } = await apply(FILE, '--dry-run');
    expect([code, err]).toEqual([0, '']);
    expect(out.split('\n').filter((line) => !line.startsWith('  '))).toEqual(each('would be created').split('\n'));
    expect((await server.call('GroupService/ListGroups')).groups).toBeUndefined();
  });

  test('everything is created in an order that works, and the second time nothing changes', async () => {
    expect(await apply(FILE)).toEqual({ code: 0, out: each('created'), err: '' });
    expect(await apply(FILE)).toEqual({ code: 0, out: each('unchanged'), err: '' });
    expect(await apply(FILE, '--dry-run')).toEqual({ code: 0, out: each('unchanged'), err: '' });
  });

  test('only what differs is changed, and only that is printed', async () => {
    const { out } = await apply(FILE.replace('load_threshold: 40', 'load_threshold: 41'));
    expect(out).toBe(each('unchanged').replace('"blue" unchanged', '"blue" changed'));
    expect(await server.call('BackendService/GetBackend', { id: 'blue' })).toMatchObject({ loadThreshold: 41 });
    await apply(FILE);
  });

  test('the file of a token is compared, and shown, like any other field', async () => {
    const file = (path: string) => `backends: [{ id: blue, url: "http://blue:8080", probe: { token_file: ${path} } }]`;
    const outcomes = [];
    for (const path of ['/run/a', '/run/a', '/run/b']) outcomes.push((await apply(file(path))).out);
    expect(outcomes).toEqual(['changed', 'unchanged', 'changed'].map((outcome) => `backend "blue" ${outcome}`));
    const { out } = await run(['get', 'backend', 'blue', '-o', 'yaml']);
    expect(parse(out)).toMatchObject({ probe: { kind: 'SQL', token_file: '/run/b' } });
    await apply(FILE);
  });

  test('an object that was disabled by hand stays disabled', async () => {
    await run(['disable', 'backend', 'blue']);
    expect((await apply(FILE)).out).toBe(each('unchanged'));
    await run(['enable', 'backend', 'blue']);
  });

  test('the output of a list can be applied again, in both formats, from standard input', async () => {
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

  test('objects that a configuration file declares are not changed, and named before anything is written', async () => {
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
    expect((await run(['list', 'groups'])).out).toMatch(/^adhoc +yes +LEAST_LOAD .*blue, green$/m);
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

  test('no output contains a password or a token', async () => {
    const probe = { kind: 'INFO_ONLY', token: 'hunter3' };
    const file = JSON.stringify({ backends: [{ id: 'tokens', url: 'https://tokens', probe }] });
    await using other = await startGatewayserver({ file });
    for (const format of ['table', 'json', 'yaml']) {
      expect((await run(['get', 'backend', 'blue', '-o', format])).out).not.toContain('hunter2');
      const { out } = await run(['get', 'backend', 'tokens', '-o', format, '--url', other.url]);
      expect([out.includes('INFO_ONLY') || format === 'table', out.includes('hunter3')]).toEqual([true, false]);
    }
  });

  test('an unknown id ends with 1 and one line', async () => {
    for (const kind of ['backend', 'group', 'policy', 'query']) {
      const { code, out, err } = await run(['get', kind, 'ghost']);
      expect([code, out]).toEqual([1, '']);
      expect(err).toMatch(/^[^\n]*"ghost"[^\n]*trino-gateway list[^\n]*$/);
    }
  });

  test('a list longer than a page comes whole', async () => {
    const ids = Array.from({ length: 1_005 }, (_, at) => `many-${at}`);
    const file = JSON.stringify({ backends: ids.map((id) => ({ id, url: 'http://many' })) });
    await using other = await startGatewayserver({ file });
    const { out } = await run(['list', 'backends', '-o', 'json', '--url', other.url]);
    expect((JSON.parse(out) as { backends: unknown[] }).backends).toHaveLength(1_005);
  });
});

describe('enable, disable, drain, delete', () => {
  test('each id is changed, and a failure does not keep the others from it', async () => {
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

  test('an object that is referred to is not deleted, and the answer names what refers to it', async () => {
    const { code, err } = await run(['delete', 'group', 'etl']);
    expect([code, err]).toEqual([1, expect.stringContaining('policy "tags"')]);
    await server.call('PolicyService/PutPolicy', { policy: { id: 'gone', host: 'x', groupId: 'adhoc' } });
    await server.call('GroupService/PutGroup', { group: { id: 'gone', backendIds: ['blue'] } });
    await server.call('BackendService/PutBackend', { backend: { id: 'gone', url: 'http://gone' } });
    for (const kind of ['policy', 'group', 'backend'])
      expect(await run(['delete', kind, 'gone'])).toEqual({ code: 0, out: `${kind} "gone" deleted`, err: '' });
  });

  test('--move-queued-to names the group that takes over the queries waiting in a deleted one', async () => {
    await server.call('GroupService/PutGroup', { group: { id: 'gone', backendIds: ['blue'] } });
    const to = (group: string, kind = 'group') => run(['delete', kind, 'gone', '--move-queued-to', group]);
    expect(await to('adhoc', 'backend')).toMatchObject({ code: 2, out: '', err: expect.stringContaining('groups') });
    expect(await to('ghost')).toMatchObject({ code: 1, err: expect.stringContaining('"ghost"') });
    expect(await to('adhoc')).toEqual({ code: 0, out: 'group "gone" deleted', err: '' });
  });
});

test('decide shows where a query would go and the reason of each step', async () => {
  await server.call('BackendService/MarkHealthy', { id: 'green' });
  const argv = ['decide', '--port', '9', '-H', 'X-Trino-Client-Tags: etl', '--user', 'ann', '--statement', 'SELECT 1'];
  const { code, out } = await run(argv);
  expect(code).toBe(0);
  expect(out).toMatch(
    /^runs on backend green now\nbackend: green\ngroup: etl\ndecided by: policy tags\n\nSTEP +OUTCOME +REASON\npolicies +CHOSE/,
  );
  const json = JSON.parse((await run([...argv, '-o', 'json'])).out) as { decision: unknown };
  expect(json).toMatchObject({ verdict: 'RUNS', decision: { backendId: 'green', groupId: 'etl' } });
});

test('decide exits with 3 when the query would be refused, and its JSON says so', async () => {
  const argv = ['decide', '--port', '9', '--host', 'nobody'];
  const refused = await run(argv);
  expect([refused.code, refused.out.split('\n')[0]]).toEqual([
    3,
    expect.stringMatching(/^would be refused: no policy matches this query, and .*default_group is not set/),
  ]);
  const { code, out } = await run([...argv, '-o', 'json']);
  expect([code, JSON.parse(out)]).toEqual([
    3,
    expect.objectContaining({ verdict: 'REFUSED', refusalErrorName: 'QUERY_REJECTED' }),
  ]);
});

test('decide says where a query would wait, and why', async () => {
  await server.call('QueueService/HoldGroup', { id: 'etl' });
  try {
    const argv = ['decide', '--port', '9', '-H', 'X-Trino-Client-Tags: etl', '--user', 'ann'];
    const { code, out } = await run(argv);
    expect([code, out.split('\n')[0]]).toEqual([0, 'waits at place 1: group etl is held by an operator']);
  } finally {
    await server.call('QueueService/ReleaseGroup', { id: 'etl' });
  }
});
