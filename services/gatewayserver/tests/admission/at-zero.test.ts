import { expect, jest, test } from '@jest/globals';
import { startTestGatewayserver, type TestGatewayserver } from '../support/gatewayserver-fixture.ts';
import { reportStatus } from '../support/two-backends.ts';
import { offerOf, submission } from './support/admission-fixture.ts';

jest.setTimeout(120_000); // a busy machine starts a server slowly

type Json = Record<string, unknown>;

/** Group `g` of `a` and `b`, which are both stopped; its queries would be refused without autoscaling. */
async function startAtZero(): Promise<TestGatewayserver> {
  const server = await startTestGatewayserver({ default_group: 'g' });
  for (const id of ['a', 'b']) {
    const backend = { id, url: `http://${id}`, scaler: { webhook: { url: `http://scaler/${id}` } } };
    await server.ok('BackendService/PutBackend', { backend });
  }
  const group = { id: 'g', backendIds: ['a', 'b'], autoscaling: {}, queue: { whenUnavailable: 'REFUSE' } };
  await server.ok('GroupService/PutGroup', { group });
  await record(server, { a: 'STOPPED', b: 'STOPPED' });
  return server;
}

/** As the leading monitor does. */
async function record(server: TestGatewayserver, states: Record<string, string>): Promise<Json> {
  const { fence, groups } = await server.ok('ScalingService/LeadScaling', { monitorId: 'm' });
  const clusters = Object.entries(states).map(([backendId, state]) => ({
    ...{ backendId, state, since: '2026-01-31T12:00:00Z' },
  }));
  await server.ok('ScalingService/RecordScaling', { monitorId: 'm', fence, group: { groupId: 'g', clusters } });
  return (groups as Json[])[0] ?? {};
}

const decide = (server: TestGatewayserver) =>
  server.ok('RoutingService/Decide', { user: 'ann', statement: 'SELECT 1' });

test('the first query of a group at zero waits, is seen by the leader, and runs once a cluster is ready', async () => {
  await using server = await startAtZero();
  const foretold = await decide(server);
  expect(foretold.verdict).toBe('WAITS');
  expect((foretold.reasons as Json[]).at(-1)?.text).toBe(
    'place 1: no backend of group g is available: a cluster will be started',
  );
  const first = submission(server);
  expect(await first.route()).toMatchObject({ decision: { groupId: 'g' } });
  await first.enqueue();
  const poll = first.poll(10_000);
  expect(await record(server, { a: 'STARTING', b: 'STOPPED' })).toMatchObject({
    queued: 1,
    longestWaitMs: expect.any(Number),
  });
  const { queries } = (await server.ok('QueueService/ListQueued', { groupId: 'g' })) as { queries: Json[] };
  expect(queries[0]?.reason).toBe(
    'no backend of group g is available: cluster a is starting since 2026-01-31T12:00:00.000Z',
  );
  // It answers its probes already, but it is not ready.
  await reportStatus(server, 'a');
  expect(await server.ok('BackendService/GetBackend', { id: 'a' })).not.toHaveProperty('condition.available');
  await record(server, { a: 'READY', b: 'STOPPED' });
  const offer = offerOf(await poll);
  expect(offer.backend.id).toBe('a');
  await first.assign(offer);
  await first.activate();
  // Its slot is counted, though nothing limits it: so it is known what runs.
  const picture = await record(server, { a: 'DRAINING', b: 'STOPPED' });
  expect(picture).toMatchObject({ clusters: [{ backendId: 'a', running: 1 }, { backendId: 'b' }] });
  expect(picture.queued).toBeUndefined();
});

test('while autoscaling is paused and nothing is up, queries are refused as without it', async () => {
  await using server = await startAtZero();
  await server.ok('ScalingService/PauseScaling', { id: 'g', reason: 'holidays' });
  expect((await decide(server)).verdict).toBe('REFUSED');
  expect(await submission(server).route()).toMatchObject({ refusalErrorName: 'NO_NODES_AVAILABLE' });
  // A start that is under way goes on.
  await record(server, { a: 'STARTING', b: 'STOPPED' });
  expect((await decide(server)).verdict).toBe('WAITS');
});

test('one that an administrator took out starts for nobody', async () => {
  await using server = await startAtZero();
  await server.ok('BackendService/DisableBackend', { id: 'a' });
  expect((await decide(server)).verdict).toBe('WAITS');
  await server.ok('BackendService/DrainBackend', { id: 'b' });
  expect((await decide(server)).verdict).toBe('REFUSED');
});
