import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { startGatewayserver, type TestGatewayserver } from '@trino-gateway/testing/suite/start-gatewayserver';
import { runCommand } from './support/command-line.ts';

jest.setTimeout(120_000); // a busy machine starts a server slowly

let server: TestGatewayserver;
beforeAll(async () => {
  server = await startGatewayserver({ file: 'backends: [{ id: declared, url: "http://declared" }]' });
});
afterAll(async () => {
  await server[Symbol.asyncDispose]();
});

/** Applies files, by their names. */
function apply(given: Record<string, string> | string, ...more: string[]) {
  const files = typeof given === 'string' ? { 'f.yaml': given } : given;
  return runCommand(['apply', '-f', ...Object.keys(files), ...more], { files, env: { TRINO_GATEWAY_URL: server.url } });
}

const ids = async (kind: 'backends' | 'groups' | 'policies') => {
  const { out } = await runCommand(['list', kind, '-o', 'json'], { env: { TRINO_GATEWAY_URL: server.url } });
  return (JSON.parse(out) as Record<string, { id: string }[]>)[kind]?.map(({ id }) => id);
};
const put = (kind: 'Backend' | 'Group' | 'Policy', object: object) =>
  server.call(`${kind}Service/Put${kind}`, { [kind.toLowerCase()]: object });

describe('a dry run', () => {
  const FILE =
    'backends: [{ id: dry, url: "http://dry:8080/", labels: { site: north }, probe: { user: u, password: hunter2 } }]';

  test('shows each field that would change, and no secret', async () => {
    expect((await apply(FILE, '--dry-run')).out.split('\n')).toEqual([
      'backend "dry" would be created',
      '  + id: "dry"',
      '  + url: "http://dry:8080"',
      '  + labels.site: "north"',
      '  + forwarded_headers: "AUTO"',
      '  + probe.user: "u"',
      '  + probe.password: "********"',
      '  + probe.kind: "SQL"',
      '  + forwarding: "PROXY"',
    ]);
    await apply(FILE);
    const changed = FILE.replace('http:', 'https:')
      .replace('{ site: north }', '{ zone: a }')
      .replace('hunter2', 'hunter3');
    expect(await apply(changed, '--dry-run')).toEqual({
      code: 0,
      out: [
        'backend "dry" would be changed',
        '  ~ url: "http://dry:8080" -> "https://dry:8080"',
        '  + labels.zone: "a"',
        '  - labels.site: "north"',
      ].join('\n'),
      err: '',
    });
  });

  test('for programs there is JSON', async () => {
    const { out } = await apply(FILE.replace('user: u', 'user: v'), '--dry-run', '-o', 'json');
    expect(JSON.parse(out)).toEqual({
      changes: [
        {
          object: 'backend "dry"',
          outcome: 'changed',
          differences: [{ path: 'probe.user', before: '"u"', after: '"v"' }],
        },
      ],
    });
  });
});

test('several files are read together, validated as a whole, and problems name their file', async () => {
  const files = {
    'a.yaml': 'groups: [{ id: many, backend_ids: [m] }]',
    'b.yaml': 'backends: [{ id: m, url: "http://m" }]',
  };
  expect((await apply(files)).out).toBe('backend "m" created\ngroup "many" created');
  const { code, err } = await apply({
    ...files,
    'b.yaml': 'backends: [{ id: n, url: nowhere }, { id: m, url: "http://m" }]',
  });
  expect([code, err]).toEqual([2, expect.stringMatching(/^b\.yaml: backends\[0\]\.url: .* \(backend "n", line 1\)$/)]);
  expect((await apply({ 'a.yaml': 'groups: [', 'b.yaml': 'backends: {}' })).err).toMatch(
    /^a\.yaml: .*\n(?:a\.yaml.*\n)*b\.yaml: /,
  );
});

describe('--prune', () => {
  const ALL = `
backends: [{ id: p-1, url: "http://p-1" }, { id: p-2, url: "http://p-2" }]
groups:
  - { id: p-a, backend_ids: [p-1], spill_over_group_id: p-b }
  - { id: p-b, backend_ids: [p-2], spill_over_group_id: p-a }
policies: [{ id: p-host, host: p, group_id: p-a }]
`;
  const KEPT = 'backends: [{ id: p-1, url: "http://p-1" }]';
  const prune = (text: string, ...more: string[]) => apply(text, '--set', 'team', '--prune', ...more);

  test('deletes what is gone from the files of its set, and nothing else, in an order that works', async () => {
    await put('Backend', { id: 'by-hand', url: 'http://hand' });
    await apply('backends: [{ id: other, url: "http://other" }]', '--set', 'others');
    await prune(ALL);
    expect((await prune(KEPT, '--dry-run')).out.split('\n')).toEqual([
      'backend "p-1" unchanged',
      'policy "p-host" would be deleted',
      'group "p-a" would be changed',
      '  - spill_over_group_id: "p-b"',
      'group "p-b" would be deleted',
      'group "p-a" would be deleted',
      'backend "p-2" would be deleted',
    ]);
    expect(await ids('policies')).toContain('p-host');
    expect(await prune(KEPT)).toMatchObject({ code: 0, err: '' });
    const backends = await ids('backends');
    expect(backends).toEqual(expect.arrayContaining(['by-hand', 'other', 'declared', 'p-1']));
    expect(backends).not.toContain('p-2');
    expect(await ids('groups')).not.toEqual(expect.arrayContaining([expect.stringMatching(/^p-/)]));
    expect((await prune(KEPT)).out).toBe('backend "p-1" unchanged');
  });

  test('an object that was put by hand since has left the set', async () => {
    await prune(ALL);
    await put('Policy', { id: 'p-host', host: 'by-hand', groupId: 'p-a' });
    const { code, err } = await prune(KEPT);
    expect([code, err.split('\n')]).toEqual([
      2,
      ['group "p-a" is gone from the files, and still used by policy "p-host": nothing was written'],
    ]);
    expect(await ids('groups')).toEqual(expect.arrayContaining(['p-a', 'p-b']));
    await server.call('PolicyService/DeletePolicy', { id: 'p-host' });
    expect((await prune(KEPT)).code).toBe(0);
  });

  test('a group that the routing chain names stays, and nothing is written', async () => {
    await prune(ALL);
    await apply('routing_chain: { fallback_group: p-b, steps: [{ id: policies, policies: {} }] }');
    const { code, err } = await prune(`${KEPT.replace('http:', 'https:')}\n`);
    expect([code, err]).toEqual([
      2,
      expect.stringContaining('group "p-b" is gone from the files, and still used by the routing chain'),
    ]);
    expect(await server.call('BackendService/GetBackend', { id: 'p-1' })).toMatchObject({ url: 'http://p-1' });
    expect((await prune(`${KEPT}\nrouting_chain: { steps: [{ id: policies, policies: {} }] }`)).code).toBe(0);
  });

  test('a plain apply keeps an object in its set, and another set does not take it', async () => {
    await prune(KEPT);
    expect((await apply(KEPT)).out).toBe('backend "p-1" unchanged');
    expect(await apply(KEPT, '--set', 'thieves', '--prune')).toEqual({
      code: 2,
      out: '',
      err: 'backend "p-1" is of set "team": to move it, give it applied_set: thieves in the file, and apply that once without --set',
    });
    await apply(KEPT.replace('id: p-1', 'id: p-1, applied_set: thieves'));
    expect((await apply(KEPT, '--set', 'thieves', '--prune')).out).toBe('backend "p-1" unchanged');
  });

  test('what a configuration file declares may be repeated, and belongs to no set', async () => {
    expect((await prune('backends: [{ id: declared, url: "http://declared" }]')).out).toBe(
      'backend "declared" unchanged',
    );
  });

  test('it needs a set, and a file that declares something', async () => {
    expect((await apply(KEPT, '--prune')).code).toBe(2);
    expect((await prune('# nothing')).code).toBe(2);
    expect((await apply(KEPT, '--set', 'no name', '--prune')).code).toBe(2);
  });
});

test('list discovered shows what was found, what is wrong with it, and what cannot be looked at', async () => {
  const object = {
    object: 'Service n/a',
    source: 'Service n',
    backendId: 'n.a',
    groupIds: ['g', 'h'],
    problem: 'weight: no',
  };
  const sources = [
    { name: 'Service n', listed: true, objects: [object] },
    { name: 'Service m', problem: 'forbidden' },
  ];
  await server.call('DiscoveryService/DeclareDiscovered', { monitorId: 'm', sources });
  const { out } = await runCommand(['list', 'discovered'], { env: { TRINO_GATEWAY_URL: server.url } });
  expect(out.split('\n').map((line) => line.split(/ {2,}/))).toEqual([
    ['OBJECT', 'BACKEND', 'GROUPS', 'PROBLEM'],
    ['Service m', '-', '-', 'forbidden'],
    ['Service n/a', 'n.a', 'g, h', 'weight: no'],
  ]);
});

describe('--wait', () => {
  const FILE = 'backends: [{ id: w, url: "http://w" }]\ngroups: [{ id: w, backend_ids: [w] }]';

  test('ends when all is available', async () => {
    const waiting = apply(FILE, '--wait', '60s');
    for (;;) if ((await ids('groups'))?.includes('w')) break;
    await server.call('BackendService/MarkHealthy', { id: 'w' });
    expect(await waiting).toMatchObject({ code: 0, err: '' });
    expect(await apply(FILE, '--wait')).toMatchObject({ code: 0, err: '' });
  });

  test('says what is missing when the time is over, and exits with 3', async () => {
    await server.call('BackendService/MarkUnhealthy', { id: 'w', reason: 'it is broken' });
    const { code, err } = await apply(FILE, '--wait', '1ms');
    expect([code, err.split('\n')]).toEqual([
      3,
      [expect.stringMatching(/^backend "w" is not available: .*it is broken/), 'group "w" has no available backend'],
    ]);
    expect((await apply(FILE, '--wait', 'soon')).code).toBe(2);
  });
});
