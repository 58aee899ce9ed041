import { expect, test } from '@jest/globals';
import { runStatement } from '@trino-gateway/testing/trino-client/run-statement';
import { createRandom } from '../../support/random.ts';
import { chaosRows, chaosStatement, startChaosCluster } from './chaos-cluster.ts';

test('a cluster records each query over its limit, and each statement it gets twice', async () => {
  await using cluster = await startChaosCluster('one', createRandom(1));
  cluster.limited(1);
  const run = (number: number) => runStatement(cluster.url, chaosStatement(number), { user: 'ann' });
  expect((await run(1)).rows).toEqual(chaosRows(1));
  expect((await run(2)).rows).toEqual(chaosRows(2));
  expect([cluster.excesses, cluster.highWaterMark, cluster.running()]).toEqual([[], 1, 0]);
  await Promise.all([3, 3, 4].map(run));
  expect(cluster.begun.toSorted()).toEqual([1, 2, 3, 3, 4]);
  expect(cluster.highWaterMark).toBeGreaterThan(1);
  expect(cluster.excesses[0]).toBe('one: 2 queries at a time, 1 allowed');
  await runStatement(cluster.url, 'SELECT 1', { user: 'ann' });
  expect(cluster.begun).toHaveLength(5);
});
