import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { json } from 'node:stream/consumers';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { type ScriptedTrino, startScriptedTrino } from '@trino-gateway/testing';
import { until } from '@trino-gateway/testing/processes/until';
import { type Suite, startSuite } from '@trino-gateway/testing/suite/suite';
import { openQuery } from '@trino-gateway/testing/trino-client/open-query';

// A group at zero: its only cluster is started for the first query, and stopped when it is proven idle.
let trino: ScriptedTrino;
let scaler: Server;
let suite: Suite;
let isUp = true;
const told: string[] = [];

beforeAll(async () => {
  trino = await startScriptedTrino();
  await trino.kill();
  isUp = false;
  scaler = createServer(async (request, response) => {
    if (request.method === 'POST') await tell((await json(request)) as { action: string });
    response.setHeader('content-type', 'application/json').end(JSON.stringify({ state: isUp ? 'RUNNING' : 'STOPPED' }));
  }).listen(0, '127.0.0.1');
  await once(scaler, 'listening');
  suite = await startSuite({ monitor: { INTERVAL: '200ms', SCALING_INTERVAL: '300ms' } });
  const url = `http://127.0.0.1:${(scaler.address() as AddressInfo).port}/`;
  await suite.call('BackendService/PutBackend', {
    backend: { id: 'xl1', url: trino.url, scaler: { webhook: { url } } },
  });
  const autoscaling = { drainIdleMs: 500, coolDownMs: 500, settleMs: 300, slowStartMs: 1_000 };
  await suite.call('GroupService/PutGroup', { group: { id: 'xl', backendIds: ['xl1'], autoscaling } });
  await suite.call('RoutingService/PutRoutingChain', { chain: { fallbackGroup: 'xl' } });
}, 240_000);

afterAll(async () => {
  await suite?.[Symbol.asyncDispose]();
  scaler?.close();
  await trino?.stop();
});

async function tell({ action }: { action: string }): Promise<void> {
  told.push(action);
  if (action === 'start' && !isUp) await trino.restart();
  if (action === 'stop' && isUp) await trino.kill();
  isUp = action === 'start';
}

type Scaling = { clusters: { state: string; reason: string }[]; queued?: number };
const scaling = () => suite.call<Scaling>('ScalingService/GetGroupScaling', { id: 'xl' });
const untilState = (state: string) =>
  until(`the cluster to be ${state}`, async () => (await scaling()).clusters[0]?.state === state, 60_000);

test('a query of a group at zero waits, its cluster is started, runs it, drains and stops; and once more', async () => {
  await untilState('STOPPED');
  for (let round = 1; round <= 2; round++) {
    const query = await openQuery(suite.router.url, 'SELECT 1');
    expect(query.page.stats.state).toBe('QUEUED');
    const { stats, error } = await query.finish();
    expect(error ?? stats.state).toBe('FINISHED');
    expect(isUp).toBe(true);
    await untilState('STOPPED');
    expect(isUp).toBe(false);
  }
  expect(told).toEqual(['start', 'stop', 'start', 'stop']);
  const { events } = await suite.call<{ events: { kind: string }[] }>('ScalingService/ListScalingEvents');
  const round = ['STARTED', 'BECAME_READY', 'DRAIN_BEGUN', 'STOPPED'];
  expect(events.map(({ kind }) => kind).toReversed()).toEqual([...round, ...round]);
}, 180_000);
