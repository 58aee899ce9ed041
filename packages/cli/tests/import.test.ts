import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { startGatewayserver, type TestGatewayserver } from '@trino-gateway/testing/suite/start-gatewayserver';
import { parse } from 'yaml';
import { runCommand, type Surroundings } from './support/command-line.ts';
import { type Behaviour, startFakeRazorpay } from './support/fake-razorpay.ts';
import { EXAMPLE } from './support/razorpay-example.ts';

jest.setTimeout(120_000); // a busy machine starts a server slowly

const IMPORTED = [
  ...['blue', 'green', 'night-shift', 'never', 'off'].map((id) => `backend "${id}"`),
  ...['adhoc', 'etl', 'idle'].map((id) => `group "${id}"`),
  ...['port', 'host', 'tags', 'properties'].map((id) => `policy "${id}"`),
];
const each = (what: string) => IMPORTED.map((one) => `${one} ${what}`).join('\n');

let server: TestGatewayserver;
beforeAll(async () => {
  server = await startGatewayserver({ adminToken: 'admin-secret' });
});
afterAll(async () => {
  await server[Symbol.asyncDispose]();
});

function run(argv: string[], surroundings: Surroundings = {}) {
  const env = { TRINO_GATEWAY_URL: server.url, TRINO_GATEWAY_TOKEN: 'admin-secret' };
  return runCommand(['import', 'razorpay', ...argv], { ...surroundings, env });
}

test('without --write it prints what apply reads and all that has no counterpart, and needs no gatewayserver', async () => {
  await using source = await startFakeRazorpay(EXAMPLE);
  const { code, out, err } = await run(['--from-url', source.url, '--url', 'http://127.0.0.1:1']);
  expect(code).toBe(0);
  const printed = parse(out) as Record<'backends' | 'groups' | 'policies', { id: string }[]>;
  expect(printed.backends.map(({ id }) => id)).toEqual(['blue', 'green', 'night-shift', 'never', 'off']);
  expect(printed.backends[0]).toEqual({
    id: 'blue',
    enabled: true,
    url: 'http://blue:8080',
    load_threshold: 40,
    forwarding: 'PROXY',
  });
  expect(printed.policies[0]).toEqual({
    id: 'port',
    enabled: true,
    listening_port: 8080,
    group_id: 'adhoc',
    auth_delegated: true,
    request_source: 'bi',
  });
  for (const said of [
    'note: backend "broken": left out: url:',
    'note: group "empty": left out: it has no backend',
    'note: policy "unknown": left out: its rule type "header_user" has no counterpart',
    'note: forwarding is PROXY: all pages of a query pass the router.',
    'nothing was written: --write does, or apply -f of what was printed',
  ])
    expect(err).toContain(said);
  const applied = await runCommand(['apply', '-f', '-', '--dry-run', '--url', server.url, '--token', 'admin-secret'], {
    files: { '-': out },
  });
  const objects = applied.out.split('\n').filter((line) => !line.startsWith('  + '));
  expect({ ...applied, out: objects.join('\n') }).toEqual({ code: 0, out: each('would be created'), err: '' });
});

test('--write puts everything in an order that works; repeated it changes nothing, and repairs what is missing', async () => {
  await using source = await startFakeRazorpay(EXAMPLE);
  const argv = ['--from-url', source.url, '--write', '--time-zone', 'Europe/Vienna'];
  expect(await run(argv)).toMatchObject({ code: 0, out: each('created') });
  expect(await run(argv)).toMatchObject({ code: 0, out: each('unchanged') });
  await server.call('PolicyService/DeletePolicy', { id: 'port' });
  await server.call('GroupService/PutGroup', { group: { id: 'idle', backendIds: ['off'] } });
  const { code, out } = await run(argv);
  expect(code).toBe(0);
  expect(out).toBe(
    each('unchanged').replace('"port" unchanged', '"port" created').replace('"idle" unchanged', '"idle" changed'),
  );
  const stored = await server.call('BackendService/GetBackend', { id: 'night-shift' });
  expect(stored).toMatchObject({ uptimeSchedule: '* 20-23 * * *', timeZone: 'Europe/Vienna', forwarding: 'PROXY' });
});

test('a write that is refused says so in one line and ends with 1', async () => {
  await using source = await startFakeRazorpay(EXAMPLE);
  const { code, out, err } = await runCommand(
    ['import', 'razorpay', '--from-url', source.url, '--write', '--url', server.url, '--token', 'wrong-secret'],
    {},
  );
  expect([code, out]).toEqual([1, '']);
  expect(err.split('\n').at(-1)).toContain('refuses the token');
  expect(err).not.toContain('secret');
});

test('the token of the source goes to the source alone, in the configured header', async () => {
  await using source = await startFakeRazorpay(EXAMPLE, { token: 'old-secret' });
  const files = { t: 'old-secret\n' };
  expect((await run(['--from-url', `${source.url}/`, '--from-token-file', 't'], { files })).code).toBe(0);
  expect(source.requests.map(({ path }) => path)).toEqual([
    '/twirp/razorpay.gateway.BackendApi/ListAllBackends',
    '/twirp/razorpay.gateway.GroupApi/ListAllGroups',
    '/twirp/razorpay.gateway.PolicyApi/ListAllPolicies',
  ]);
  expect(JSON.stringify(source.requests)).not.toContain('admin-secret');
  await run(['--from-url', source.url, '--from-token-file', 't', '--from-token-header', 'X-Other'], { files });
  expect(source.requests.at(-1)?.headers['x-other']).toBe('old-secret');
});

describe('a source that cannot be read ends with 1 and one line, and nothing is written', () => {
  const cases: [string, Behaviour, RegExp][] = [
    [
      'no token',
      { token: 'old-secret' },
      /HTTP 401 invalid apiToken for authentication; give its token by --from-token-file$/,
    ],
    ['another program', { answer: { status: 404, body: '<html>' } }, /HTTP 404$/],
    ['no JSON', { answer: { status: 200, body: '<html>' } }, /HTTP 200 without JSON$/],
    ['other JSON', { answer: { status: 200, body: '{"items": 7}' } }, /expected a list of items$/],
    ['a wrong kind of value', { answer: { status: 200, body: '{"items": [{"id": 7}]}' } }, /backends\[0\]\.id: /],
    [
      'a policy that it cannot list itself',
      {
        answer: {
          method: 'PolicyApi/ListAllPolicies',
          status: 500,
          body: '{"code":"internal","msg":"error encoding response: invalid rule_type header_client_host"}',
        },
      },
      /invalid rule_type header_client_host; it cannot list such policies itself: import by --mysql-url$/,
    ],
    ['silence', { silent: true }, /no answer within 500 ms; is --from-url right\?$/],
  ];
  test.each(cases)('%s', async (_what, behaviour, expected) => {
    await using source = await startFakeRazorpay(EXAMPLE, behaviour);
    const argv = ['--from-url', source.url, '--write', ...(behaviour.silent ? ['--timeout', '500ms'] : [])];
    const { code, out, err } = await run(argv);
    expect([code, out]).toEqual([1, '']);
    expect(err).toMatch(expected);
    expect(err).not.toContain('\n');
  });

  test('an address where nothing listens', async () => {
    const { code, err } = await run(['--from-url', 'http://127.0.0.1:1']);
    expect([code, err]).toEqual([
      1,
      expect.stringMatching(/^http:\/\/127\.0\.0\.1:1 BackendApi\/ListAllBackends: .*; is --from-url right\?$/),
    ]);
    const database = await run(['--mysql-url', 'mysql://u:hunter2@127.0.0.1:1/trino']);
    expect([database.code, database.err]).toEqual([1, '127.0.0.1:1/trino: ECONNREFUSED; is --mysql-url right?']);
  });

  test('a database that accepts and does not answer', async () => {
    const sockets: Socket[] = [];
    const silent = createServer((socket) => void sockets.push(socket)).listen(0, '127.0.0.1');
    await once(silent, 'listening');
    const { port } = silent.address() as AddressInfo;
    try {
      const { code, err } = await run(['--mysql-url', `mysql://u@127.0.0.1:${port}/trino`, '--timeout', '500ms']);
      expect([code, err]).toEqual([
        1,
        `127.0.0.1:${port}/trino: no answer in time; try again, or give it more time with --timeout`,
      ]);
    } finally {
      for (const socket of sockets) socket.destroy();
      silent.close();
    }
  });
});

test('an instance that answers camelCase and leaves out what is empty is understood', async () => {
  const items = [{ id: 'a', isEnabled: true, hostname: 'a:1', externalUrl: 'a:2', uptimeSchedule: '* * * * *' }];
  await using source = await startFakeRazorpay(
    { backends: [], groups: [], policies: [] },
    { answer: { method: 'BackendApi/ListAllBackends', status: 200, body: JSON.stringify({ items }) } },
  );
  const { out } = await run(['--from-url', source.url, '-o', 'json']);
  expect(JSON.parse(out)).toMatchObject({
    backends: [{ id: 'a', url: 'http://a:1', externalUrl: 'http://a:2', enabled: true }],
  });
});
