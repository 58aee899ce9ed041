import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { freePorts } from '@trino-gateway/testing/processes/free-ports';
import { type Suite, startSuite } from '@trino-gateway/testing/suite/suite';
import { openQuery } from '@trino-gateway/testing/trino-client/open-query';
import { runQuery } from '@trino-gateway/testing/trino-client/run-query';

// A group whose only cluster is stopped, and connection pools that keep their connections alive.
let suite: Suite;

beforeAll(async () => {
  suite = await startSuite({ routers: 2, gatewayserver: { DEFAULT_GROUP: 'xl' } });
  const [port] = await freePorts(1);
  const scaler = { webhook: { url: `http://127.0.0.1:${port}/` } };
  await suite.call('BackendService/PutBackend', { backend: { id: 'xl1', url: `http://127.0.0.1:${port}`, scaler } });
  const autoscaling = { keepAliveStatements: ['SELECT 1', "SELECT 'pool' AS alive"] };
  await suite.addGroup('xl', ['xl1'], { autoscaling, queue: { whenUnavailable: 'QUEUE' } });
}, 240_000);

afterAll(async () => {
  await suite?.[Symbol.asyncDispose]();
});

const queued = async () => (await suite.call<{ queries?: unknown[] }>('QueueService/ListQueued', {})).queries ?? [];

test('the statements of the list are answered by the gateway, at any router, and nothing waits for a cluster', async () => {
  const [, other = ''] = suite.routers.map(({ url }) => url);
  const pollAt = (link: URL) => new URL(`${link.pathname}${link.search}`, other);
  const one = await runQuery(suite.router.url, 'select 1;', { user: 'pool', pollAt });
  expect([one.state, one.rows, one.error]).toEqual(['FINISHED', [[1]], undefined]);
  expect((await runQuery(suite.router.url, "SELECT 'pool' AS alive", { user: 'pool' })).rows).toEqual([['pool']]);
  expect(await queued()).toEqual([]);
});

test('any other statement waits for a cluster', async () => {
  const query = await openQuery(suite.router.url, 'SELECT 2');
  expect((await query.poll()).stats.state).toBe('QUEUED');
  expect(await queued()).toHaveLength(1);
  expect(await query.cancel()).toBe(204);
});

test('a dry run says so', async () => {
  expect(
    await suite.call('RoutingService/Decide', { statement: 'SELECT 1', user: 'pool', listeningPort: 1 }),
  ).toMatchObject({ verdict: 'RUNS', summary: expect.stringContaining('answered by the gateway') });
});
