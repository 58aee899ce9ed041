import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { type ScriptedTrino, startScriptedTrino } from '@trino-gateway/testing';
import { startProgram } from '@trino-gateway/testing/processes/start-program';
import { until } from '@trino-gateway/testing/processes/until';
import { startScript } from '@trino-gateway/testing/suite/start-script';
import { type Suite, startSuite } from '@trino-gateway/testing/suite/suite';
import { runQuery } from '@trino-gateway/testing/trino-client/run-query';

const SECRETS = {
  admin: 'admin-token-7f3a',
  read: 'read-token-9b1c',
  probe: 'probe-password-2d4e',
  client: 'client-password-5a6b',
  clientEncoded: Buffer.from('joe:client-password-5a6b').toString('base64'),
  literal: 'literal-8c7d',
  credential: 'extra-credential-1e2f',
  cookie: 'cookie-3a4b',
  prepared: 'prepared-literal-6d5c',
  wrong: 'wrong-token-0f9e',
  code: 'oauth-code-4d2c',
  slug: 'guessed-slug-8e1b',
};

let trino: ScriptedTrino;
let suite: Suite;

beforeAll(async () => {
  trino = await startScriptedTrino();
  const client = { GATEWAYSERVER_TOKEN: SECRETS.admin };
  suite = await startSuite({
    adminToken: SECRETS.admin,
    gatewayserver: { READ_TOKEN: SECRETS.read, DEFAULT_GROUP: 'all' },
    monitor: { ...client, INTERVAL: '200ms' },
    router: { ...client, SUBMIT_TIME_LIMIT: '2s', ACCESS_LOG: '1' },
  });
  await suite.addBackends({ one: trino.url });
  await suite.addGroup('all', ['one']);
}, 240_000);

afterAll(async () => {
  await suite?.[Symbol.asyncDispose]();
  await trino?.stop();
});

const processes = () => [suite.gatewayserver, suite.monitor, suite.router];
const printed = () => processes().map((process) => process.output());

test('the level of each process changes at run time, for all that it logs', async () => {
  await runQuery(suite.router.url, 'SELECT 1');
  expect(printed().join('')).not.toContain('"debug"');
  for (const { opsUrl } of processes()) {
    expect((await fetch(`${opsUrl}/log-level`, { method: 'PUT', body: 'debug' })).status).toBe(401);
    const headers = { 'x-auth-key': SECRETS.admin };
    const answer = await fetch(`${opsUrl}/log-level`, { method: 'PUT', body: 'debug', headers });
    expect([answer.status, await answer.text()]).toEqual([200, 'debug\n']);
  }
  await runQuery(suite.router.url, 'SELECT 1');
  expect(suite.router.output()).toContain('a query was assigned');
});

/** The fields of the router's lines with this message. */
const linesOf = (message: string) =>
  suite.router
    .output()
    .split('\n')
    .filter((line) => line.includes(`"message":"${message}"`))
    .map((line) => JSON.parse(line) as Record<string, unknown>);

/** Waits for a line of the router with this message and these fields. */
const untilLogged = (message: string, fields: Record<string, unknown>) =>
  until(`${message} ${JSON.stringify(fields)}`, () =>
    linesOf(message).find((line) => Object.entries(fields).every(([name, value]) => line[name] === value)),
  );

test('a refusal and a failure are logged with id, user, group and error name', async () => {
  const user = 'zoe';
  const about = { level: 'info', user, group: 'all' };
  const failed = await runQuery(suite.router.url, 'SELECT 1 / 0', { user });
  await untilLogged('a query has failed', { ...about, query: failed.id, backend: 'one', error: 'DIVISION_BY_ZERO' });
  await suite.call('BackendService/DisableBackend', { id: 'one' });
  const refused = await runQuery(suite.router.url, `SELECT '${SECRETS.literal}'`, { user });
  await suite.call('BackendService/EnableBackend', { id: 'one' });
  await until('the backend to be back', async () => (await runQuery(suite.router.url, 'SELECT 1')).error === undefined);
  await untilLogged('a query was refused', { ...about, query: refused.id, error: 'NO_NODES_AVAILABLE' });
  const answer = await fetch(`${suite.router.url}/v1/statement`, {
    method: 'POST',
    headers: { 'x-trino-user': user, 'x-trino-transaction-id': SECRETS.literal },
    body: 'SELECT 1',
  });
  expect(answer.status).toBe(400);
  const request = { method: 'POST', path: '/v1/statement', user, client: '127.0.0.1' };
  await untilLogged('a request was refused', { level: 'info', ...request, status: 400 });
});

test('the access log has one line for each request, with no secret of its link', async () => {
  const linesOfAmy = () => linesOf('a request was answered').filter(({ user }) => user === 'amy');
  const { id, pages } = await runQuery(suite.router.url, 'SELECT 1', { user: 'amy' });
  await until('the requests to be logged', () => linesOfAmy().length >= pages);
  expect(linesOfAmy()).toHaveLength(pages);
  const [first, second] = linesOfAmy();
  expect(first).toMatchObject({ method: 'POST', path: '/v1/statement', status: 200, client: '127.0.0.1' });
  expect(second).toMatchObject({ method: 'GET', path: `/v1/statement/queued/${id}/*/*`, ms: expect.any(Number) });
  for (const path of [`/oauth2/callback?code=${SECRETS.code}`, `/v1/statement/queued/${id}/${SECRETS.slug}/1`])
    await fetch(`${suite.router.url}${path}`);
});

test('whatever happens, no secret, credential or SQL literal gets into a log', async () => {
  const credentials = {
    authorization: `Basic ${SECRETS.clientEncoded}`,
    'x-trino-user': 'joe',
    'x-trino-extra-credential': `key=${SECRETS.credential}`,
    'x-trino-prepared-statement': `one=SELECT+%27${SECRETS.prepared}%27`,
    cookie: `session=${SECRETS.cookie}`,
  };
  const statement = `SELECT '${SECRETS.literal}'`;
  await runQuery(suite.router.url, statement, { headers: credentials });
  await runQuery(suite.router.url, `SELECT broken FROM '${SECRETS.literal}'`, { headers: credentials });
  const backend = { id: 'secured', url: trino.url, probe: { user: 'probe', password: SECRETS.probe } };
  await suite.call('BackendService/PutBackend', { backend });
  await suite
    .call('BackendService/PutBackend', {
      backend: { ...backend, id: 'bad', probe: { password: SECRETS.probe }, url: `http://u:${SECRETS.client}@x` },
    })
    .catch(() => {});
  await fetch(`${suite.gatewayserver.url}/trinogateway.v1.BackendService/ListBackends`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${SECRETS.wrong}` },
    body: '{}',
  });
  await until('the monitor to have probed the new backend', () => suite.monitor.output().includes('"secured"'));
  await trino.kill();
  await runQuery(suite.router.url, statement, { headers: credentials });
  await suite.gatewayserver.kill();
  await runQuery(suite.router.url, statement, { headers: credentials });
  await until('the router to miss the gatewayserver', () => suite.router.output().includes('"warn"'));
  const text = printed().join('\n');
  expect(text).toContain('"debug"');
  for (const [name, secret] of Object.entries(SECRETS))
    expect({ name, logged: text.includes(secret) }).toEqual({ name, logged: false });
}, 240_000);

test('each line is one JSON object with time first, then level, service and message', () => {
  for (const text of printed()) {
    const lines = text.split('\n').filter((line) => line !== '');
    expect(lines.length).toBeGreaterThan(0);
    for (const line of lines) {
      const [first, ...rest] = Object.entries(JSON.parse(line) as Record<string, unknown>);
      expect(first).toEqual(['timestamp', expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]{12}Z$/)]);
      expect(rest.slice(0, 3).map(([name]) => name)).toEqual(['level', 'service', 'message']);
    }
  }
});

test.each<[string, Record<string, string>, number, RegExp]>([
  [
    'a configuration with problems',
    { LISTEN: 'nowhere' },
    2,
    /^\{"timestamp":"[^"]+Z","level":"error",.*LISTEN: expected/,
  ],
  [
    'the same, for people',
    { LISTEN: 'nowhere', LOG_FORMAT: 'text' },
    2,
    /^\S+Z ERROR router the configuration has 1 problem problems=.*LISTEN/,
  ],
  ['a port that is taken', { LISTEN: '127.0.0.1:0' }, 1, /^\{"timestamp":"[^"]+Z","level":"error".*ops_listen/],
])(
  'a start that fails says why in one log line: %s',
  async (_what, settings, code, line) => {
    const own = Object.entries({ STATE_FILE: `${suite.folder}/failing.json`, OPS_LISTEN: '127.0.0.1:0', ...settings });
    if (code === 1) own.push(['OPS_LISTEN', new URL(suite.router.opsUrl).host]);
    const env = {
      ...process.env,
      ...Object.fromEntries(own.map(([key, value]) => [`TRINO_GATEWAY_ROUTER_${key}`, value])),
    };
    const program = await startProgram(startScript('router', [], env));
    expect(await program.ended).toMatchObject({ code });
    const lines = program.output().trim().split('\n');
    expect(lines.filter((one) => line.test(one))).toHaveLength(1);
    for (const one of lines) expect(one).toMatch(/^(\{"timestamp":")?\d{4}-\d\d-\d\dT/);
  },
  120_000,
);

test('lines about a query carry its id and that of the request', () => {
  const lines = suite.router
    .output()
    .split('\n')
    .filter((line) => line.includes('a query was assigned'));
  expect(lines.map((line) => JSON.parse(line) as unknown)).toContainEqual(
    expect.objectContaining({
      requestId: expect.stringMatching(/^[0-9a-f-]{36}$/),
      query: expect.stringMatching(/^\d{8}_\d{6}_\d{5}_\w{5}$/),
      backend: 'one',
      group: 'all',
    }),
  );
});
