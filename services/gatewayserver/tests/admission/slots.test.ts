import { expect, test } from '@jest/globals';
import { completedEvent, QUERY_ID } from '@trino-gateway/testing/trino-events';
import { until } from '../support/gatewayserver-fixture.ts';
import { offerOf, running, startLimited, submission } from './support/admission-fixture.ts';

test('a slot is held from Route on, its backend is marked, and a repeated submission gets the same slot', async () => {
  await using server = await startLimited();
  const one = submission(server);
  expect(await one.route()).toMatchObject({ leased: true, decision: { backendId: 'b' }, backend: { limited: true } });
  expect(await one.route()).toMatchObject({ leased: true, decision: { backendId: 'b' } });
  expect(await server.ok('BackendService/GetBackend', { id: 'b' })).toMatchObject({ condition: { leases: 1 } });
  expect(await submission(server).route()).toMatchObject({ mustWait: true, decision: { groupId: 'g' } });
  expect(await one.confirm()).toEqual({ held: true });
  expect(await one.confirm()).toEqual({ held: true });
  expect(await one.confirm('20261121_000000_00002_other')).toEqual({});
  expect(await one.activate()).toEqual({ allowed: true });
  const { leases } = await server.ok('AdmissionService/ListLeases', { backendId: 'b' });
  expect(leases).toEqual([{ trinoQueryId: expect.stringContaining(one.id), takenAt: expect.any(String) }]);
  await one.settle();
  await one.settle();
  expect(await server.ok('AdmissionService/ListLeases', { backendId: 'b' })).toEqual({});
  expect(await submission(server).route()).toMatchObject({ leased: true });
});

test('statements that must not wait get a slot on a full cluster', async () => {
  await using server = await startLimited();
  await running(server);
  expect(await submission(server).route({ statement: 'COMMIT' })).toMatchObject({ leased: true });
  const first = { trinoQueryId: '20261121_000000_00003_inside', backendId: 'b' };
  expect(await server.ok('AdmissionService/Activate', first)).toEqual({});
  expect(await server.ok('AdmissionService/Activate', { ...first, neverWaits: true })).toEqual({ allowed: true });
});

test('a query whose cluster reports its end gives its slot to the next waiter', async () => {
  await using server = await startLimited();
  const first = submission(server);
  await first.route();
  await first.confirm(QUERY_ID);
  await first.activate(QUERY_ID);
  const waiting = submission(server);
  await waiting.enqueue();
  const poll = waiting.poll(30_000);
  const event = { method: 'POST', headers: { 'content-type': 'application/json' } };
  const post = (queryId: string) =>
    fetch(`${server.url}/v1/trino/events`, { ...event, body: JSON.stringify(completedEvent({ queryId })) });
  expect((await post('20261121_080808_00131_93wed')).status).toBe(200); // not one of ours
  expect((await post(QUERY_ID)).status).toBe(200);
  expect(offerOf(await poll)).toMatchObject({ backend: { id: 'b' } });
  const metrics = await until(
    async () => (await fetch(`${server.opsUrl}/metrics`)).text(),
    (text) => text.includes('trino_gateway_leases_settled_total{by="event"}'),
  );
  expect(metrics).toContain('trino_gateway_leases_settled_total{by="event"} 1\n');
});
