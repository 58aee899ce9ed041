import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { startGatewayserver, type TestGatewayserver } from '@trino-gateway/testing/suite/start-gatewayserver';
import { runCommand } from '../support/command-line.ts';
import { TRINO_LB } from '../support/trino-lb-example.ts';
import { TRINODB_REQUESTS, TRINODB_RULES } from '../support/trinodb-example.ts';

jest.setTimeout(120_000); // a busy machine starts a server slowly

let server: TestGatewayserver;
beforeAll(async () => {
  server = await startGatewayserver({ adminToken: 'admin-secret' });
});
afterAll(async () => {
  await server[Symbol.asyncDispose]();
});

const files = { 'rules.yml': TRINODB_RULES, 'lb.yaml': TRINO_LB };
const run = (...argv: string[]) =>
  runCommand(argv, { files, env: { TRINO_GATEWAY_URL: server.url, TRINO_GATEWAY_TOKEN: 'admin-secret' } });

async function groupOf(request: { user?: string; headers?: Record<string, string>; statement?: string }) {
  const headers = Object.entries(request.headers ?? {}).flatMap(([name, value]) => ['-H', `${name}: ${value}`]);
  const { out } = await run(
    ...['decide', '--user', request.user ?? 'ann', '--statement', request.statement ?? 'SELECT 1', ...headers],
    ...['-o', 'json'],
  );
  return (JSON.parse(out) as { decision?: { groupId?: string } }).decision?.groupId;
}

describe('rules of the Java gateway, imported, give each request the group that they gave it there', () => {
  beforeAll(async () => {
    await server.call('BackendService/PutBackend', { backend: { id: 'b', url: 'http://b' } });
    await server.call('BackendService/MarkHealthy', { id: 'b' });
    for (const id of new Set(TRINODB_REQUESTS.map(([, group]) => group)))
      await server.call('GroupService/PutGroup', { group: { id, backendIds: ['b'] } });
    const { code, out, err } = await run('import', 'trinodb', '--rules', 'rules.yml', '--write');
    expect([code, out]).toEqual([0, 'routing chain created']);
    expect(err).not.toContain('not translated');
  });

  test.each(TRINODB_REQUESTS)('%j → %s', async (request, group) => {
    expect(await groupOf(request)).toBe(group);
  });

  test('a second import changes nothing', async () => {
    expect(await run('import', 'trinodb', '--rules', 'rules.yml', '--write')).toMatchObject({
      code: 0,
      out: 'routing chain unchanged',
    });
  });
});

test('a configuration of trino-lb, imported, decides as it did there', async () => {
  // Scripts and cost estimates ask others: their steps are tested for themselves.
  const [header, tags] = [TRINO_LB.indexOf('  - pythonScript'), TRINO_LB.indexOf('  - weather')];
  const short = TRINO_LB.slice(0, header) + TRINO_LB.slice(tags);
  const env = { TRINO_GATEWAY_URL: server.url, TRINO_GATEWAY_TOKEN: 'admin-secret' };
  const written = await runCommand(['import', 'trino-lb', '--config', 'c', '--write'], { files: { c: short }, env });
  expect([written.code, written.out.split('\n').at(-1)]).toEqual([0, 'routing chain changed']);
  for (const id of ['trino-s-1', 'trino-m-1']) await server.call('BackendService/MarkHealthy', { id });
  const tagged = (text: string, more = {}) => ({ headers: { 'X-Trino-Client-Tags': text, ...more } });
  expect([
    await groupOf({}),
    await groupOf(tagged('nightly,x')),
    await groupOf(tagged('a,b,c')),
    await groupOf(tagged('a')),
    await groupOf(tagged('a,b', { 'X-Group': 'm' })),
    await groupOf({ headers: { 'X-Group': 'nowhere' } }),
  ]).toEqual(['m', 'm', 's', 'm', 'm', 'm']);
  expect(await server.call('BackendService/GetBackend', { id: 'trino-s-1' })).toMatchObject({
    probe: { user: 'admin', password: '********' },
  });
});
