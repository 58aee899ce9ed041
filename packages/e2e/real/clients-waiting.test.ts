import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { until } from '@trino-gateway/testing/processes/until';
import { type Suite, startSuite } from '@trino-gateway/testing/suite/suite';
import { openQuery } from '@trino-gateway/testing/trino-client/open-query';
import { clientNames } from '../client-matrix/clients.ts';
import { runMany } from '../client-matrix/run-many.ts';
import { runClientMatrix } from '../client-matrix/run-matrix.ts';
import { type RealClusters, startRealClusters } from './real-clusters.ts';

// All clients at once at a cluster that runs one query at a time: nearly every statement waits for those of the others.
let clusters: RealClusters;
let suite: Suite;
const kinds = ['accepting', 'rejecting'] as const;
const WAITS_MS = 10_000;

beforeAll(async () => {
  clusters = await startRealClusters();
  suite = await startSuite({ listeners: kinds.length });
  for (const [index, kind] of kinds.entries()) {
    await suite.addBackends({ [kind]: clusters[kind].url }, { maxRunningQueries: 1 });
    await suite.addGroup(kind, [kind]);
    await suite.call('PolicyService/PutPolicy', {
      policy: { id: kind, listeningPort: suite.router.ports[index], groupId: kind },
    });
  }
}, 600_000);

afterAll(async () => {
  await suite?.[Symbol.asyncDispose]();
  await clusters?.[Symbol.asyncDispose]();
}, 60_000);

test.each([
  ['trusts', 'accepting', 0],
  ['refuses', 'rejecting', 1],
] as const)(
  'with a limit of one, every client gets what a direct run gives, from a cluster that %s forwarded headers',
  async (_, kind, listener) => {
    const run = (client: (typeof clientNames)[number]) =>
      Array.fromAsync(
        runClientMatrix({
          url: suite.router.urls[listener] ?? '',
          user: `waits-${client}`,
          only: [client],
          backends: [clusters[kind].url],
        }),
      );
    const results = (await Promise.all(clientNames.map(run))).flat();
    expect(results.filter(({ outcome }) => outcome === 'failed')).toEqual([]);
    expect(results.filter(({ outcome }) => outcome === 'passed').length).toBeGreaterThan(60);
    const { queries = [] } = await suite.call<{ queries?: { queuedMs?: string; user?: string }[] }>(
      'QueryService/ListQueries',
      { backendId: kind, pageSize: 1_000 },
    );
    const waited = queries.filter(({ queuedMs }) => Number(queuedMs ?? 0) > 0);
    process.stderr.write(`${kind}: ${results.length} cases, ${waited.length} of ${queries.length} queries waited\n`);
    expect(waited.length).toBeGreaterThan(queries.length / 2);
  },
);

test.each(['dbapi', 'go'] as const)(
  'with a limit of three seconds for every answer, a query of %s waits for ten and gets its rows',
  async (client) => {
    const url = suite.router.urls[0] ?? '';
    const queued = async () => {
      const { groups } = await suite.call<{ groups: { groupId: string; queued?: number }[] }>(
        'QueueService/GetQueueStats',
        { groupId: 'accepting' },
      );
      return groups[0]?.queued ?? 0;
    };
    // The program is there before the clock runs.
    await runMany(client, { url, user: 'prepares', statements: ['SELECT 1'], timeoutMs: 600_000 });
    const first = await openQuery(url, 'SELECT count(*) FROM tpch.sf100.lineitem');
    while (first.page.stats.state === 'QUEUED') await first.poll();
    const statements = ['SELECT 42'];
    const result = runMany(client, { url, user: 'hurries', statements, answerSeconds: 3, timeoutMs: 120_000 });
    await until('its query to wait', async () => (await queued()) === 1, 60_000);
    const began = performance.now();
    while (performance.now() - began < WAITS_MS) await first.poll();
    expect(await queued()).toBe(1);
    await first.cancel();
    expect(await result).toEqual(['42']);
    process.stderr.write(`${client}: its rows after ${((performance.now() - began) / 1_000).toFixed(1)} s\n`);
  },
);
