import { expect, test } from '@jest/globals';
import { offerOf, running, startLimited, submission } from './support/admission-fixture.ts';

test('operators see which queries wait and why, move one to the front, hold a group and release it', async () => {
  await using server = await startLimited();
  const runs = await running(server);
  const waiting = [submission(server, 'ann'), submission(server, 'bob'), submission(server, 'bob')];
  for (const one of waiting) await one.enqueue();
  const list = async (request: Record<string, unknown> = {}) =>
    (await server.ok('QueueService/ListQueued', request)) as {
      queries?: Record<string, unknown>[];
      nextPageToken?: string;
    };
  const { queries = [] } = await list();
  expect(queries.map(({ id, position }) => [id, position])).toEqual(
    waiting.map(({ temporaryId }, at) => [temporaryId, at + 1]),
  );
  expect(queries[0]).toMatchObject({
    groupId: 'g',
    user: 'ann',
    source: 'test',
    reason: 'all slots of group g are taken',
  });
  const estimate = String(queries[0]?.estimatedStart);
  expect(new Date(estimate).toISOString().slice(0, 23)).toBe(estimate.replace('Z', '').slice(0, 23));
  expect(Date.parse(estimate)).toBeGreaterThan(Date.now());
  expect((await list({ user: 'bob' })).queries).toHaveLength(2);
  const page = await list({ pageSize: 2 });
  expect(page.queries).toHaveLength(2);
  const rest = await list({ pageSize: 2, pageToken: page.nextPageToken });
  expect(rest.queries?.map(({ id }) => id)).toEqual([waiting[2]?.temporaryId]);
  expect(rest).not.toHaveProperty('nextPageToken');

  const moved = await server.ok('QueueService/MoveToFront', { id: waiting[2]?.temporaryId });
  expect(moved).toMatchObject({ id: waiting[2]?.temporaryId, position: 1 });
  expect(await server.ok('QueueService/HoldGroup', { id: 'g' })).toMatchObject({ held: true, queued: 3, running: 1 });
  const poll = waiting[2]?.poll();
  await runs.settle();
  const [heldOne] = (await list()).queries ?? [];
  expect(heldOne).toMatchObject({ reason: 'group g is held by an operator' });
  expect(heldOne).not.toHaveProperty('estimatedStart');
  expect(await submission(server).route()).toMatchObject({ mustWait: true });
  await server.ok('QueueService/ReleaseGroup', { id: 'g' });
  expect(offerOf((await poll) ?? {})).toBeDefined();
  expect(await server.ok('QueueService/GetQueueStats', { groupId: 'none' })).toEqual({});
  expect(await server.ok('QueueService/GetQueueStats', { groupId: 'g' })).toMatchObject({
    groups: [
      {
        groupId: 'g',
        queued: 2,
        running: 1,
        startedLastMinute: 2,
        backends: [{ backendId: 'b', limit: 1, taken: 1, available: true }],
      },
    ],
  });
});

test('a disabled group gets no newcomers, and its waiters still start: so it is drained', async () => {
  await using server = await startLimited();
  const runs = await running(server);
  const waiting = [submission(server), submission(server)];
  for (const one of waiting) await one.enqueue();
  const polls = waiting.map((one) => one.poll(30_000));
  await server.ok('GroupService/DisableGroup', { id: 'g' });
  expect(await submission(server).route()).toMatchObject({ refusalErrorName: expect.any(String) });
  await runs.settle();
  const [first, second] = waiting;
  await first?.assign(offerOf((await polls[0]) ?? {}));
  await first?.activate();
  await first?.settle();
  expect(await second?.assign(offerOf((await polls[1]) ?? {}))).toEqual({ accepted: true });
  await server.ok('GroupService/DeleteGroup', { id: 'g' });
});

test('a group in which queries wait is not deleted', async () => {
  await using server = await startLimited();
  await running(server);
  const waiting = submission(server);
  await waiting.enqueue();
  expect(await server.post('GroupService/DeleteGroup', { id: 'g' })).toMatchObject({
    status: 400,
    body: { code: 'failed_precondition', message: expect.stringContaining('queries wait in it (1)') },
  });
  await server.ok('QueryService/CancelQuery', { id: waiting.temporaryId });
  await server.ok('GroupService/DeleteGroup', { id: 'g' });
});

test('the waiters of a deleted group move to another one, by arrival, when that is requested', async () => {
  await using server = await startLimited();
  await server.ok('BackendService/PutBackend', { backend: { id: 'c', url: 'http://c', maxRunningQueries: 1 } });
  await server.ok('BackendService/MarkHealthy', { id: 'c' });
  await server.ok('GroupService/PutGroup', { group: { id: 'other', backendIds: ['c'], queue: { maxQueued: 1 } } });
  await server.ok('QueueService/HoldGroup', { id: 'other' });
  await server.ok('PolicyService/PutPolicy', { policy: { id: 'p', host: 'h', groupId: 'g' } });
  await running(server);
  const [first, second, third] = [submission(server), submission(server), submission(server)];
  await first.enqueue();
  await second.enqueue({ groupId: 'other' });
  await third.enqueue();
  const remove = (more: Record<string, unknown>) => server.post('GroupService/DeleteGroup', { id: 'g', ...more });
  const where = async () => {
    const { queries } = await server.ok('QueueService/ListQueued', {});
    return (queries as { id: string; groupId: string }[]).map(({ id, groupId }) => [id, groupId]);
  };
  for (const to of ['g', 'nowhere'])
    expect((await remove({ moveQueuedToGroupId: to })).body.message).toMatch(/^move_queued_to_group_id\b/);
  // A policy refers to the group: it is not deleted, and no waiter is moved.
  expect((await remove({ moveQueuedToGroupId: 'other' })).body.code).toBe('failed_precondition');
  expect((await where()).map(([, groupId]) => groupId)).toEqual(['g', 'g', 'other']);
  await server.ok('PolicyService/DeletePolicy', { id: 'p' });
  expect((await remove({ moveQueuedToGroupId: 'other' })).status).toBe(200);
  expect(await where()).toEqual([first, second, third].map(({ temporaryId }) => [temporaryId, 'other']));
  const polls = [first, second, third].map((one) => one.poll(30_000));
  await server.ok('QueueService/ReleaseGroup', { id: 'other' });
  expect(offerOf((await polls[0]) ?? {})).toMatchObject({ backend: { id: 'c' } });
});
