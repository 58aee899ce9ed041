import { expect, test } from '@jest/globals';
import type { TestGatewayserver } from '../support/gatewayserver-fixture.ts';
import { offerOf, running, startLimited, submission } from './support/admission-fixture.ts';

type Json = Record<string, unknown>;

/** The group `g` of backend `b` spills over to group `h` of backend `c`; each has one slot. */
async function startSpilling(group: Json, other: Json = {}): Promise<TestGatewayserver> {
  const server = await startLimited();
  await server.ok('BackendService/PutBackend', { backend: { id: 'c', url: 'http://c', maxRunningQueries: 1 } });
  await server.ok('BackendService/MarkHealthy', { id: 'c' });
  await server.ok('GroupService/PutGroup', { group: { id: 'h', backendIds: ['c'], ...other } });
  await server.ok('GroupService/PutGroup', { group: { id: 'g', backendIds: ['b'], spillOverGroupId: 'h', ...group } });
  return server;
}

const decide = async (server: TestGatewayserver, asked: Json = {}) => {
  const answer = await server.ok('RoutingService/Decide', { user: 'ann', statement: 'SELECT 1', ...asked });
  const texts = (answer.reasons as Json[]).map(({ outcome, text }) => `${outcome}: ${text}`);
  return { ...answer, texts } as Json & { texts: string[]; decision: Json };
};

test('a full group passes queries to its spill-over group at once, and says so', async () => {
  await using server = await startSpilling({});
  await running(server);
  const foretold = await decide(server);
  expect(foretold).toMatchObject({
    verdict: 'RUNS',
    decision: { groupId: 'h', backendId: 'c', spilledOverFromGroupId: 'g' },
  });
  expect(foretold.texts.slice(-2)).toEqual([
    'ABSTAINED: backend b is at its limit of 1 (1 running)',
    'CHOSE: spills over to group h: backend c has room: 0 of 1 running',
  ]);
  expect(await submission(server).route()).toMatchObject({
    leased: true,
    decision: {
      groupId: 'h',
      backendId: 'c',
      decidedBy: 'default_group, spilled over from group g',
      spilledOverFromGroupId: 'g',
    },
  });
  const { texts } = await decide(server);
  expect(texts.at(-1)).toBe(
    'CHOSE: place 1: all slots of group g are taken; group h, to which it spills over, has no slot either',
  );
});

test('a waiter is woken when its time has come, and its slot is that of the other group', async () => {
  await using server = await startSpilling({ spillOverAfterMs: 1_000 });
  await running(server);
  expect((await decide(server)).summary).toBe(
    'waits at place 1: all slots of group g are taken; it spills over to group h after 1 s',
  );
  const one = submission(server);
  expect(await one.route()).toMatchObject({ mustWait: true, decision: { groupId: 'g' } });
  await one.enqueue();
  const began = performance.now();
  const answer = await one.poll();
  const waitedMs = performance.now() - began;
  const offer = offerOf(answer);
  expect(offer).toMatchObject({
    backend: { id: 'c' },
    decision: { groupId: 'h', backendId: 'c', spilledOverFromGroupId: 'g' },
  });
  expect(waitedMs).toBeGreaterThan(900);
  expect(waitedMs).toBeLessThan(3_000);
  expect(await one.assign(offer as unknown as Json)).toEqual({ accepted: true });
  expect(await server.ok('QueueService/GetQueueStats', {})).toMatchObject({
    groups: [
      { groupId: 'g', backends: [{ backendId: 'b', taken: 1 }] },
      { groupId: 'h', running: 1, backends: [{ backendId: 'c', taken: 1 }] },
    ],
  });
});

test('a waiter that was decided strictly stays in its group', async () => {
  await using server = await startSpilling({ spillOverAfterMs: 1 });
  await running(server);
  const [strict, free] = [submission(server), submission(server)];
  await strict.enqueue({ strict: true });
  await free.enqueue();
  const polled = strict.poll(1_500);
  expect(offerOf(await free.poll()).backend.id).toBe('c');
  expect(await polled).toMatchObject({ waiting: { groupId: 'g' } });
});

test('limits that only observe let everything start, and count it', async () => {
  await using server = await startLimited({
    backend: { observeLimit: true },
    group: { queue: { perUserMaxRunning: 2 }, observeLimits: true },
  });
  for (const user of ['ann', 'bob', 'ann']) await running(server, user);
  const { verdict, texts } = await decide(server);
  expect([verdict, texts.at(-1)]).toEqual([
    'RUNS',
    'OBSERVED: would have waited in group g: its user has 2 queries of 2 running (per_user_max_running)',
  ]);
  const last = await submission(server, 'cid').route();
  expect(last).toMatchObject({ leased: true, decision: { backendId: 'b' } });
  expect((last.decision as Json).observed).toEqual([
    'slot: would have waited in group g: all of its slots are taken (max_running_queries)',
  ]);
  const metrics = (await (await fetch(`${server.opsUrl}/metrics`)).text())
    .split('\n')
    .filter((line) => line.startsWith('trino_gateway_limits_observed'));
  expect(metrics).toEqual([
    'trino_gateway_limits_observed_total{group="g",limit="max_running_queries",would="wait"} 3',
  ]);
});

test('a user who may not use a group is told so, and one that waits when the list changes is refused', async () => {
  await using server = await startLimited();
  await running(server);
  const one = submission(server, 'bob');
  await one.enqueue();
  const group = { id: 'g', backendIds: ['b'], allowed: { users: ['ann'] } };
  await server.ok('GroupService/PutGroup', { group });
  expect(await one.poll()).toMatchObject({
    ended: { errorName: 'QUERY_REJECTED', message: 'group g: user bob may not use it' },
  });
  expect(await submission(server, 'bob').route()).toMatchObject({
    refusalErrorName: 'QUERY_REJECTED',
    refusal: expect.stringContaining('group g: user bob may not use it'),
  });
  await server.ok('GroupService/PutGroup', { group: { ...group, allowed: { users: ['ann'], observe: true } } });
  expect((await decide(server, { user: 'bob' })).texts).toContain(
    'OBSERVED: group g: user bob may not use it, and would be passed over',
  );
});
