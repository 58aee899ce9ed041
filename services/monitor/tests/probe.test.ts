import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { create } from '@bufbuild/protobuf';
import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';
import { type Backend, Backend_ForwardedHeaders, Backend_Probe_Kind, BackendSchema } from '@trino-gateway/api/gateway';
import { silentLogger } from '@trino-gateway/runtime';
import { headerValue, startScriptedTrino } from '@trino-gateway/testing';
import { PROBE_SOURCE } from '@trino-gateway/trino/probe-source';
import { createClusterConnections } from '../src/clusters/cluster-connections.ts';
import { probe } from '../src/probing/probe.ts';
import type { ProbeResult } from '../src/probing/probe-result.ts';

jest.setTimeout(120_000); // only a machine that is busy elsewhere needs it

const never = new AbortController().signal;

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'monitor-tokens-'));
});
afterAll(() => rm(folder, { recursive: true }));

async function probeOf(
  url: string,
  more: Partial<Backend> = {},
  timeLimitMs = 60_000,
  settings: { token_folder: string | undefined } = { token_folder: folder },
): Promise<ProbeResult> {
  using connections = createClusterConnections(settings, silentLogger);
  const backend = { ...create(BackendSchema), id: 'one', url, ...more };
  return await probe(backend, { timeLimitMs, signal: never }, connections);
}

const asProbe = (statement: string, user = '', password = '') =>
  ({ probe: { statement, user, password } }) as unknown as Partial<Backend>;

test('a working cluster gives version, incarnation, load and size', async () => {
  await using trino = await startScriptedTrino({ version: '476' });
  trino.pretendLoad({ RUNNING: 3, PLANNING: 1, QUEUED: 2, STARTING: 1, FINISHED: 40, FAILED: 2 });
  const found = await probeOf(trino.url);
  expect(found).toMatchObject({
    outcome: 'passed',
    version: '476',
    coordinatorId: trino.suffix,
    load: { load: 9, running: 4, queued: 3 },
    workers: 1,
  });
});

test('our own probes do not count as load', async () => {
  await using trino = await startScriptedTrino();
  const found = await probeOf(trino.url);
  expect(found).toMatchObject({ outcome: 'passed', load: { load: 0, running: 0, queued: 0 } });
});

test('a query of another user under our source counts: a probe is known by source and user', async () => {
  await using trino = await startScriptedTrino();
  await probeOf(trino.url, asProbe('', 'checker'));
  const statement = trino.queries.find((query) => query.statement.includes('runtime.queries'));
  expect(statement?.statement).toContain(`source IS DISTINCT FROM '${PROBE_SOURCE}' OR ("user" <> current_user AND `);
  expect(new Set(trino.queries.map(({ user, source }) => `${user} ${source}`))).toEqual(
    new Set([`checker ${PROBE_SOURCE}`]),
  );
});

const token = 'eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJwcm9iZSJ9.signature';
const withProbe = (probe: Partial<NonNullable<Backend['probe']>>) => ({ probe }) as Partial<Backend>;

test('a cluster that takes tokens only is probed with one, in the name of nobody but its owner', async () => {
  await using trino = await startScriptedTrino({ tokens: { [token]: 'checker' } });
  expect(await probeOf(trino.url)).toMatchObject({ outcome: 'failing', reason: expect.stringContaining('403') });
  const before = trino.requests.length;
  expect(await probeOf(trino.url, withProbe({ token }))).toMatchObject({ outcome: 'passed', load: { load: 0 } });
  const asked = trino.requests.slice(before).map(({ path, rawHeaders }) => ({
    path: path.split('/').slice(0, 3).join('/'),
    user: headerValue(rawHeaders, 'x-trino-user'),
    authorization: headerValue(rawHeaders, 'authorization'),
  }));
  expect(new Set(asked.map((one) => JSON.stringify(one)))).toEqual(
    new Set([
      JSON.stringify({ path: '/v1/info' }),
      JSON.stringify({ path: '/v1/statement', authorization: `Bearer ${token}` }),
    ]),
  );
});

test('a token that is refused makes the backend fail, and is not in the reason', async () => {
  await using trino = await startScriptedTrino({ tokens: { [token]: 'checker' } });
  const found = await probeOf(trino.url, withProbe({ token: 'wrong-token' }));
  expect(found).toMatchObject({ outcome: 'failing', reason: expect.stringMatching(/^the health statement: HTTP 401/) });
  expect(JSON.stringify(found)).not.toContain('wrong-token');
});

test('a probe of kind INFO_ONLY sends no statement and no login: the cluster is healthy, its load unknown', async () => {
  await using trino = await startScriptedTrino({ tokens: { [token]: 'checker' } });
  const found = await probeOf(trino.url, withProbe({ kind: Backend_Probe_Kind.INFO_ONLY, token }));
  expect(found).toEqual(
    expect.objectContaining({ outcome: 'passed', loadProblem: 'a probe of kind INFO_ONLY does not read it' }),
  );
  expect(found).not.toHaveProperty('load');
  expect(trino.requests.map(({ path }) => path)).toEqual(['/v1/info']);
  expect(JSON.stringify(trino.requests)).not.toContain(token);
});

test('a probe of kind INFO_ONLY tells a starting cluster, and one that is away', async () => {
  const infoOnly = withProbe({ kind: Backend_Probe_Kind.INFO_ONLY });
  const trino = await startScriptedTrino({ startingMs: 60_000 });
  expect(await probeOf(trino.url, infoOnly)).toMatchObject({ outcome: 'starting' });
  await trino.stop();
  expect(await probeOf(trino.url, infoOnly)).toMatchObject({ outcome: 'unreachable' });
});

test('where a proxy asks for credentials even before /v1/info, the login of the probe is used', async () => {
  await using trino = await startScriptedTrino({ tokens: { [token]: 'checker' } });
  trino.fault({
    on: ({ rawHeaders }) => headerValue(rawHeaders, 'authorization') !== `Bearer ${token}`,
    times: Number.POSITIVE_INFINITY,
    action: { kind: 'status', status: 401 },
  });
  expect(await probeOf(trino.url)).toMatchObject({ outcome: 'unreachable' });
  expect(await probeOf(trino.url, withProbe({ token }))).toMatchObject({ outcome: 'passed' });
});

test('a token file is read for each probe: after the token was renewed the next one sends the new one', async () => {
  const renewed = `${token}-renewed`;
  await using trino = await startScriptedTrino({ tokens: { [token]: 'checker', [renewed]: 'checker' } });
  const tokenFile = join(folder, 'token');
  const sent: unknown[] = [];
  for (const text of [token, renewed]) {
    await writeFile(`${tokenFile}.new`, `${text}\n`);
    await rename(`${tokenFile}.new`, tokenFile);
    const before = trino.requests.length;
    expect(await probeOf(trino.url, withProbe({ tokenFile }))).toMatchObject({ outcome: 'passed', load: { load: 0 } });
    const asked = trino.requests.slice(before).filter(({ path }) => path.startsWith('/v1/statement'));
    sent.push([...new Set(asked.map(({ rawHeaders }) => headerValue(rawHeaders, 'authorization')))]);
  }
  expect(sent).toEqual([[`Bearer ${token}`], [`Bearer ${renewed}`]]);
});

test.each([Backend_Probe_Kind.SQL, Backend_Probe_Kind.INFO_ONLY])(
  'a token file that cannot be read makes the backend fail, with field and path, and nothing is sent without it: kind %i',
  async (kind) => {
    await using trino = await startScriptedTrino({ tokens: { [token]: 'checker' } });
    const tokenFile = join(folder, 'missing');
    const reason = `probe.token_file: ${tokenFile} cannot be read (ENOENT)`;
    const found = await probeOf(trino.url, withProbe({ kind, tokenFile }));
    expect(found).toMatchObject({ outcome: 'failing', reason, version: expect.any(String) });
    expect(trino.requests.map(({ path }) => path)).toEqual(['/v1/info']);
    trino.fault({ on: 'info', times: 1, action: { kind: 'status', status: 401 } });
    expect(await probeOf(trino.url, withProbe({ kind, tokenFile }))).toMatchObject({
      outcome: 'unreachable',
      reason: `GET /v1/info: ${reason}`,
    });
  },
);

test('files beside monitor.token_folder are not read, and without the key none is', async () => {
  await using trino = await startScriptedTrino({ tokens: { [token]: 'checker' } });
  await writeFile(join(folder, 'token'), token);
  const refused = async (tokenFile: string, token_folder: string | undefined) => {
    const found = await probeOf(trino.url, withProbe({ tokenFile }), 60_000, { token_folder });
    expect(found.outcome).toBe('failing');
    return 'reason' in found && found.reason;
  };
  expect(await refused('/etc/hostname', folder)).toContain('/etc/hostname is not below monitor.token_folder');
  expect(await refused(join(folder, 'token'), undefined)).toContain('set monitor.token_folder to the folder');
  expect(trino.counts.submitted).toBe(0);
});

test('a starting cluster gets no statements', async () => {
  await using trino = await startScriptedTrino({ startingMs: 60_000 });
  expect(await probeOf(trino.url)).toMatchObject({ outcome: 'starting' });
  expect(trino.counts.submitted).toBe(0);
});

test('the health statement of the backend decides, whatever rows it answers', async () => {
  await using trino = await startScriptedTrino();
  trino.when('SELECT count(*) FROM tpch.tiny.region', { columns: [{ name: 'n', type: 'bigint' }], rows: [] });
  expect(await probeOf(trino.url, asProbe('SELECT count(*) FROM tpch.tiny.region'))).toMatchObject({
    outcome: 'passed',
  });
});

test('a failing health statement is reported in the words of Trino, with the incarnation', async () => {
  await using trino = await startScriptedTrino();
  trino.when('SELECT 1', {
    error: { name: 'NO_NODES_AVAILABLE', code: 65_541, type: 'INSUFFICIENT_RESOURCES', message: 'nodes is empty' },
  });
  expect(await probeOf(trino.url)).toMatchObject({
    outcome: 'failing',
    reason: 'the health statement: NO_NODES_AVAILABLE: nodes is empty',
    coordinatorId: trino.suffix,
  });
});

test('a cluster whose load may not be read is healthy', async () => {
  await using trino = await startScriptedTrino();
  trino.when(/runtime\.(queries|nodes)/, {
    error: { name: 'PERMISSION_DENIED', code: 4, type: 'USER_ERROR', message: 'Access Denied: Cannot select' },
    errorAt: 'queued',
  });
  const found = await probeOf(trino.url);
  expect(found).toMatchObject({
    outcome: 'passed',
    loadProblem: 'PERMISSION_DENIED: Access Denied: Cannot select',
  });
  expect(found).not.toHaveProperty('load');
  expect(found).not.toHaveProperty('workers');
});

test('a cluster whose load is not answered in time is healthy', async () => {
  await using trino = await startScriptedTrino();
  trino.when(/runtime\.queries/, { runMs: Number.POSITIVE_INFINITY });
  const found = await probeOf(trino.url, {}, 1_500);
  expect(found).toMatchObject({
    outcome: 'passed',
    loadProblem: 'no answer within monitor.probe_time_limit (1500 ms)',
    workers: 1,
  });
});

test.each([
  ['info', 'unreachable'],
  ['submit', 'failing'],
] as const)('a cluster that does not answer on %s takes no longer than the time limit', async (on, outcome) => {
  await using trino = await startScriptedTrino();
  trino.fault({ on, times: Number.POSITIVE_INFINITY, action: { kind: 'silence' } });
  const found = await probeOf(trino.url, {}, 300);
  expect(found).toMatchObject({
    outcome,
    reason: expect.stringContaining('no answer within monitor.probe_time_limit (300 ms)'),
  });
});

test('an address without a listener is unreachable, with the reason', async () => {
  const trino = await startScriptedTrino();
  await trino.stop();
  expect(await probeOf(trino.url)).toMatchObject({
    outcome: 'unreachable',
    reason: expect.stringContaining('ECONNREFUSED'),
  });
});

test.each([
  ['some other web server', '<html>hello</html>', 'not a JSON object'],
  ['a worker', '{"coordinator":false,"starting":false,"uptime":"1.00h","nodeVersion":{"version":"476"}}', 'a worker'],
  ['another API', '{"status":"ok"}', 'does not say whether'],
])('%s at the address is not taken for a cluster', async (_what, body, reason) => {
  const server = createServer((_request, response) => response.end(body)).listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const found = await probeOf(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  server.closeAllConnections();
  server.close();
  expect(found).toMatchObject({ outcome: 'unreachable', reason: expect.stringContaining(reason) });
});

test('a password is sent with the statements alone, as if by HTTPS', async () => {
  await using trino = await startScriptedTrino({ passwords: { checker: 'sesame' } });
  expect(await probeOf(trino.url, asProbe('', 'checker', 'sesame'))).toMatchObject({ outcome: 'passed' });
  const info = trino.requests.find(({ path }) => path === '/v1/info');
  expect(headerValue(info?.rawHeaders ?? [], 'authorization')).toBeUndefined();
});

test('a password that is still encrypted is not sent, and the reason names the setting', async () => {
  await using trino = await startScriptedTrino({ passwords: { checker: 'sesame' } });
  const found = await probeOf(trino.url, asProbe('', 'checker', 'sealed:v1:AAAA'));
  expect(found).toMatchObject({ outcome: 'failing', reason: expect.stringContaining('gatewayserver.secrets_key') });
  expect(trino.requests.filter(({ method }) => method === 'POST')).toEqual([]);
  expect(JSON.stringify([found, trino.requests])).not.toContain('AAAA');
});

test('a wrong password is reported, but not repeated', async () => {
  await using trino = await startScriptedTrino({ passwords: { checker: 'sesame' } });
  const found = await probeOf(trino.url, asProbe('', 'checker', 'open-wide'));
  expect(found).toMatchObject({ outcome: 'failing', reason: expect.stringContaining('401') });
  expect(JSON.stringify(found)).not.toContain('open-wide');
});

test('a cluster that refuses forwarded headers gets none', async () => {
  await using trino = await startScriptedTrino({ processForwarded: false });
  const settings = { ...asProbe('', 'checker', 'sesame'), forwardedHeaders: Backend_ForwardedHeaders.OMIT };
  expect(await probeOf(trino.url, settings)).toMatchObject({ outcome: 'passed' });
});
