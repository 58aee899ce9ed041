import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { type ScriptedTrino, startScriptedTrino } from '@trino-gateway/testing';
import { until } from '@trino-gateway/testing/processes/until';
import { type Suite, startSuite } from '@trino-gateway/testing/suite/suite';
import { openQuery } from '@trino-gateway/testing/trino-client/open-query';
import { runQuery } from '@trino-gateway/testing/trino-client/run-query';

// The only cluster of a group goes away for a moment.
let trino: ScriptedTrino;
let suite: Suite;

beforeAll(async () => {
  trino = await startScriptedTrino();
  suite = await startSuite({ gatewayserver: { OUTAGE_WAIT: '4s' }, monitor: { INTERVAL: '200ms' } });
  await suite.addBackends({ one: trino.url });
  await suite.addGroup('patient', ['one'], { queue: { outageWaitMs: 60_000 } });
  await suite.addGroup('hasty', ['one'], { queue: { outageWaitMs: 0 } });
  await suite.addGroup('usual', ['one']);
  await suite.call('RoutingService/PutRoutingChain', {
    chain: { steps: [{ id: 'asked', routingGroupHeader: { groups: ['patient', 'hasty', 'usual'] } }] },
  });
}, 240_000);

afterAll(async () => {
  await suite?.[Symbol.asyncDispose]();
  await trino?.stop();
});

const to = (group: string) => ({ 'x-trino-routing-group': group });
const gone = () =>
  until('the monitor to miss the cluster', async () => {
    const { condition } = await suite.call<{ condition?: { available?: boolean } }>('BackendService/GetBackend', {
      id: 'one',
    });
    return condition?.available !== true;
  });

test('newcomers wait while the only cluster restarts, and run when it is back', async () => {
  await trino.kill();
  // At once, before the monitor has missed it, and afterwards.
  const first = await openQuery(suite.router.url, 'SELECT 1', to('patient'));
  expect(first.page.stats.state).toBe('QUEUED');
  await gone();
  const second = await openQuery(suite.router.url, 'SELECT 1', to('patient'));
  expect(second.page.stats.state).toBe('QUEUED');
  await trino.restart();
  const ended = await Promise.all([first.finish(), second.finish()]);
  expect(ended.map(({ stats, error }) => error ?? stats.state)).toEqual(['FINISHED', 'FINISHED']);
}, 120_000);

test('when it stays away they are refused after that time, with the reason; at once where the group says so', async () => {
  await trino.kill();
  await gone();
  const began = performance.now();
  const hasty = await runQuery(suite.router.url, 'SELECT 1', { headers: to('hasty') });
  const atOnceMs = performance.now() - began;
  const usual = await runQuery(suite.router.url, 'SELECT 1', { headers: to('usual') });
  const tookMs = performance.now() - began - atOnceMs;
  expect(hasty.error).toMatchObject({ errorName: 'NO_NODES_AVAILABLE' });
  expect(usual.error).toMatchObject({ errorName: 'NO_NODES_AVAILABLE' });
  expect(usual.error?.message).toMatch(
    /group usual has no available backend \(one: it is not healthy .*\); it has waited for one for 4 s/,
  );
  expect(tookMs).toBeGreaterThanOrEqual(3_900);
  expect(atOnceMs).toBeLessThan(3_900);
}, 120_000);
