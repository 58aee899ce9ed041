import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { base64, hashOf, running, startLimited, submission } from './admission-fixture.ts';
import { startTestGatewayserver, until } from './gatewayserver-fixture.ts';
import { completedEvent, QUERY_ID } from './trino-events.ts';

type Turn = { claimId: string; sealed: string; backend: { id: string }; decision: Record<string, unknown> };
const turnOf = (answer: Record<string, unknown>) => answer.turn as Turn;

test('with no limit nothing is leased and nothing is stored', async () => {
  await using server = await startLimited({ backend: { maxRunningQueries: 0 } });
  const answer = await submission(server).route();
  expect(answer).toMatchObject({ decision: { backendId: 'b' }, backend: { id: 'b' } });
  expect(answer).not.toHaveProperty('leased');
  expect(await server.ok('BackendService/GetBackend', { id: 'b' })).not.toHaveProperty('condition.leases');
});

test('a slot is held from Route on, its backend is marked, and the same submission gets the same one again', async () => {
  await using server = await startLimited();
  const one = submission(server);
  expect(await one.route()).toMatchObject({ leased: true, decision: { backendId: 'b' }, backend: { limited: true } });
  expect(await one.route()).toMatchObject({ leased: true, decision: { backendId: 'b' } });
  expect(await server.ok('BackendService/GetBackend', { id: 'b' })).toMatchObject({ condition: { leases: 1 } });
  expect(await submission(server).route()).toMatchObject({ mustWait: true, decision: { groupId: 'g' } });
  expect(await one.handOut()).toEqual({ held: true });
  expect(await one.handOut()).toEqual({ held: true });
  expect(await one.handOut('20261121_000000_00002_other')).toEqual({});
  expect(await one.activate()).toEqual({ allowed: true });
  const { leases } = await server.ok('AdmissionService/ListLeases', { backendId: 'b' });
  expect(leases).toEqual([{ trinoQueryId: expect.stringContaining(one.id), takenAt: expect.any(String) }]);
  await one.settle();
  await one.settle();
  expect(await server.ok('AdmissionService/ListLeases', { backendId: 'b' })).toEqual({});
  expect(await submission(server).route()).toMatchObject({ leased: true });
});

test('who waits is woken by the slot that becomes free, gives its statement over, and every poll then gets the same answer', async () => {
  await using server = await startLimited();
  const first = await running(server);
  const waiting = submission(server);
  expect(await waiting.route()).toMatchObject({ mustWait: true });
  expect(await waiting.enqueue()).toEqual({ position: 1 });
  expect(await waiting.enqueue()).toEqual({ position: 1 });
  expect(await waiting.poll(0)).toMatchObject({ waiting: { position: 1, groupId: 'g' } });
  const poll = waiting.poll();
  await first.settle();
  const turn = turnOf(await poll);
  expect(turn).toMatchObject({
    sealed: base64(`sealed ${waiting.id}`),
    backend: { id: 'b', url: 'http://b', limited: true },
    decision: { backendId: 'b', groupId: 'g' },
  });
  expect(await waiting.handOver(turn)).toEqual({ accepted: true });
  expect(await waiting.handOver(turn)).toEqual({ accepted: true });
  expect(await waiting.handOver(turn, '20261121_000000_00009_late')).toEqual({});
  for (const waitMs of [0, 5_000])
    expect(await waiting.poll(waitMs)).toEqual({
      handedOver: {
        trinoQueryId: expect.stringContaining(waiting.id),
        backendId: 'b',
        sealedAnswer: base64(`answer ${waiting.id}`),
      },
    });
  expect(await waiting.activate()).toEqual({ allowed: true });
});

test('of many who wait each freed slot wakes the next one', async () => {
  await using server = await startLimited();
  let runs = await running(server);
  const waiting = Array.from({ length: 5 }, () => submission(server));
  for (const [at, one] of waiting.entries()) expect(await one.enqueue()).toEqual({ position: at + 1 });
  const polls = waiting.map((one) => one.poll(30_000));
  for (const [at, one] of waiting.entries()) {
    await runs.settle();
    expect(await waiting[at]?.handOver(turnOf((await polls[at]) ?? {}))).toEqual({ accepted: true });
    expect(await one.activate()).toEqual({ allowed: true });
    runs = one;
  }
});

test('statements that must not wait get a slot on a full cluster', async () => {
  await using server = await startLimited();
  await running(server);
  expect(await submission(server).route({ statement: 'COMMIT' })).toMatchObject({ leased: true });
  const first = { trinoQueryId: '20261121_000000_00003_inside', backendId: 'b' };
  expect(await server.ok('AdmissionService/Activate', first)).toEqual({});
  expect(await server.ok('AdmissionService/Activate', { ...first, neverWaits: true })).toEqual({ allowed: true });
});

test('a full queue, and a user with too many in it, are refused as Trino does', async () => {
  await using server = await startLimited({ group: { queue: { maxQueued: 2, perUserMaxQueued: 1 } } });
  await running(server);
  expect(await submission(server, 'ann').enqueue()).toEqual({ position: 1 });
  expect(await submission(server, 'ann').enqueue()).toEqual({
    refusal: expect.stringContaining('of this user'),
    refusalErrorName: 'QUERY_QUEUE_FULL',
  });
  expect(await submission(server, 'bob').enqueue()).toEqual({ position: 2 });
  expect(await submission(server, 'cid').enqueue()).toMatchObject({ refusalErrorName: 'QUERY_QUEUE_FULL' });
});

test('a user at the limit waits while others run', async () => {
  await using server = await startLimited({
    backend: { maxRunningQueries: 0 },
    group: { queue: { perUserMaxRunning: 1 } },
  });
  const first = await running(server, 'ann');
  expect(await submission(server, 'ann').route()).toMatchObject({ mustWait: true });
  expect(await submission(server, 'bob').route()).toMatchObject({ leased: true });
  await first.settle();
  expect(await submission(server, 'ann').route()).toMatchObject({ leased: true });
});

test('a group without an available backend queues when it is told to, and starts when one is back', async () => {
  const queue = { whenUnavailable: 'QUEUE' };
  await using server = await startLimited({ backend: { maxRunningQueries: 0 }, group: { queue } });
  await server.ok('BackendService/MarkUnhealthy', { id: 'b' });
  const waiting = submission(server);
  expect(await waiting.route()).toMatchObject({ mustWait: true, decision: { groupId: 'g' } });
  expect(await server.ok('RoutingService/Decide', { user: 'ann' })).toMatchObject({ decision: { groupId: 'g' } });
  await waiting.enqueue();
  const poll = waiting.poll();
  await server.ok('BackendService/MarkHealthy', { id: 'b' });
  expect(turnOf(await poll)).toMatchObject({ backend: { id: 'b' } });
});

test('a cluster that does not take it gives the turn back; credentials that are not good cost no place', async () => {
  await using server = await startLimited();
  const waiting = submission(server);
  await waiting.enqueue();
  const refused = turnOf(await waiting.poll());
  const back = { queryId: waiting.temporaryId, claimId: refused.claimId };
  await server.ok('AdmissionService/GiveBack', { ...back, reason: 'UNAUTHENTICATED', text: '401' });
  const again = turnOf(await waiting.poll());
  expect(again.claimId).not.toBe(refused.claimId);
  await server.ok('AdmissionService/GiveBack', { ...back, reason: 'FAILED' }); // of a claim long lost
  expect(await waiting.handOver(refused)).toEqual({});
  expect(await waiting.handOver(again)).toEqual({ accepted: true });
});

test('whoever does not know the secret learns nothing, not even that the id exists', async () => {
  await using server = await startLimited();
  await running(server);
  const waiting = submission(server);
  await waiting.enqueue();
  const asked = { queryId: waiting.temporaryId, secretHash: hashOf('guessed') };
  const answers = await Promise.all(
    [asked, { ...asked, queryId: 'unknown' }].flatMap((request) =>
      ['AwaitTurn', 'Leave', 'CancelQueued'].map((rpc) => server.post(`AdmissionService/${rpc}`, request)),
    ),
  );
  expect(new Set(answers.map(({ status, body }) => `${status} ${JSON.stringify(body)}`)).size).toBe(1);
  expect(answers[0]).toMatchObject({ status: 404, body: { code: 'not_found' } });
  const cancel = { queryId: waiting.temporaryId, user: 'mallory' };
  expect((await server.post('AdmissionService/CancelQueued', cancel)).status).toBe(404);
  expect((await server.post('AdmissionService/CancelQueued', { ...cancel, user: '' })).status).toBe(404);
  expect((await waiting.enqueue({ secretHash: hashOf('other') }).catch(String)) as unknown).toMatch(/already_exists/);
});

test('a query that waits is cancelled by its link, its user and an operator, and history knows', async () => {
  await using server = await startLimited();
  const runs = await running(server);
  const bySecret = submission(server);
  const byUser = submission(server);
  const byOperator = submission(server);
  for (const one of [bySecret, byUser, byOperator]) await one.enqueue();
  const poll = byOperator.poll();
  const cancel = (one: typeof byUser, by: Record<string, unknown>) =>
    server.ok('AdmissionService/CancelQueued', { queryId: one.temporaryId, ...by });
  expect(await cancel(bySecret, { secretHash: hashOf(bySecret.id) })).toEqual({ cancelled: true });
  expect(await cancel(bySecret, { secretHash: hashOf(bySecret.id) })).toEqual({ cancelled: true });
  expect(await cancel(byUser, { user: 'ann' })).toEqual({ cancelled: true });
  await server.ok('QueryService/CancelQuery', { id: byOperator.temporaryId });
  expect(await poll).toEqual({ ended: { errorName: 'USER_CANCELED', message: 'Query was canceled' } });
  const recorded = await until(
    () => server.post('QueryService/GetQuery', { id: byOperator.temporaryId }),
    ({ status }) => status === 200,
  );
  expect(recorded.body).toMatchObject({
    state: 'FAILED',
    user: 'ann',
    groupId: 'g',
    error: { name: 'USER_CANCELED', code: 3 },
  });
  const late = submission(server);
  await late.enqueue();
  await runs.settle();
  const turn = turnOf(await late.poll());
  await late.handOver(turn);
  expect(await cancel(late, { user: 'ann' })).toEqual({
    trinoQueryId: expect.stringContaining(late.id),
    backendId: 'b',
  });
});

test('who waits too long is told so, and history too', async () => {
  await using server = await startLimited({ group: { queue: { maxWaitMs: 50 } } });
  await running(server);
  const waiting = submission(server);
  await waiting.enqueue();
  expect(await waiting.poll()).toMatchObject({ ended: { errorName: 'EXCEEDED_TIME_LIMIT' } });
  const recorded = await until(
    () => server.post('QueryService/GetQuery', { id: waiting.temporaryId }),
    ({ status }) => status === 200,
  );
  expect(recorded.body).toMatchObject({ state: 'FAILED', error: { name: 'EXCEEDED_TIME_LIMIT', code: 131075 } });
});

test('who never polls is forgotten after the time that is configured, with all that was kept of it', async () => {
  await using file = await databaseFile();
  await using server = await startLimited({
    keys: { database_url: `sqlite:${file.path}`, queue_client_timeout: '1s' },
  });
  await running(server);
  const [silent, present] = [submission(server), submission(server)];
  await silent.enqueue();
  await present.enqueue();
  const poll = present.poll(30_000);
  const recorded = await until(
    () => server.post('QueryService/GetQuery', { id: silent.temporaryId }),
    ({ status }) => status === 200,
  );
  expect(recorded.body).toMatchObject({ state: 'FAILED', error: { name: 'ABANDONED_QUERY' } });
  // A poll that is held is no silence.
  const { queries } = await server.ok('QueueService/ListQueued', {});
  expect((queries as { id: string }[]).map(({ id }) => id)).toEqual([present.temporaryId]);
  await server.ok('QueryService/CancelQuery', { id: present.temporaryId });
  expect(await poll).toMatchObject({ ended: { errorName: 'USER_CANCELED' } });
});

test('a limit of a group on each of its backends leaves the other slots to other groups', async () => {
  await using server = await startLimited({
    backend: { maxRunningQueries: 3 },
    group: { maxRunningQueriesPerBackend: 1 },
  });
  await server.ok('BackendService/PutBackend', { backend: { id: 'c', url: 'http://c' } });
  await server.ok('BackendService/MarkHealthy', { id: 'c' });
  await server.ok('GroupService/PutGroup', {
    group: { id: 'g', backendIds: ['b', 'c'], maxRunningQueriesPerBackend: 1 },
  });
  await server.ok('GroupService/PutGroup', { group: { id: 'other', backendIds: ['b'] } });
  await server.ok('PolicyService/PutPolicy', { policy: { id: 'p', listeningPort: 1, groupId: 'other' } });
  const backends = [];
  for (let n = 0; n < 2; n++) {
    const { leased, backend } = await submission(server).route();
    expect(leased).toBe(true);
    backends.push((backend as { id: string }).id);
  }
  expect(backends.toSorted()).toEqual(['b', 'c']);
  expect(await submission(server).route()).toMatchObject({ mustWait: true });
  for (let n = 0; n < 2; n++)
    expect(await submission(server).route({ listeningPort: 1 })).toMatchObject({ leased: true, backend: { id: 'b' } });
  expect(await submission(server).route({ listeningPort: 1 })).toMatchObject({ mustWait: true });
});

test('an absent head of the line is passed over', async () => {
  await using server = await startLimited();
  const runs = await running(server);
  const [absent, present] = [submission(server), submission(server)];
  await absent.enqueue();
  await present.enqueue();
  await server.ok('AdmissionService/Leave', { queryId: absent.temporaryId, secretHash: hashOf(absent.id) });
  const poll = present.poll();
  await runs.settle();
  expect(turnOf(await poll)).toBeDefined();
  expect(await absent.poll(0)).toMatchObject({ waiting: { position: 1 } });
});

test('raised limits start who waits at once; lowered ones end nobody and start nobody', async () => {
  await using server = await startLimited();
  const limit = (maxRunningQueries: number) =>
    server.ok('BackendService/PutBackend', { backend: { id: 'b', url: 'http://b', maxRunningQueries } });
  const first = await running(server);
  const waiting = submission(server);
  await waiting.enqueue();
  const poll = waiting.poll();
  await limit(2);
  await waiting.handOver(turnOf(await poll));
  await waiting.activate();
  await limit(1);
  await first.settle();
  expect(await submission(server).route()).toMatchObject({ mustWait: true });
  await waiting.settle();
  expect(await submission(server).route()).toMatchObject({ leased: true });
});

test('operators see who waits and why, move one to the front, hold a group and release it', async () => {
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
  expect(turnOf((await poll) ?? {})).toBeDefined();
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

test('what a cluster runs past the gateway counts against its limit, until the monitor sees it gone', async () => {
  await using server = await startLimited({ backend: { maxRunningQueries: 2 } });
  const foreign = (foreignRunning: number) =>
    server.ok('BackendService/ReportBackendStatus', {
      status: {
        backendId: 'b',
        state: 'UP',
        healthy: true,
        foreignRunning,
        observedAt: new Date().toISOString(),
      },
    });
  await foreign(1);
  await running(server);
  const waiting = submission(server);
  expect(await waiting.route()).toMatchObject({ mustWait: true });
  await waiting.enqueue();
  const poll = waiting.poll(30_000);
  const { queries } = await server.ok('QueueService/ListQueued', {});
  expect(queries).toMatchObject([
    { reason: 'all slots of group g are taken, 1 of them by queries that did not come through the gateway' },
  ]);
  const metrics = await (await fetch(`${server.opsUrl}/metrics`)).text();
  expect(metrics).toContain('trino_gateway_slots_free{backend="b"} 0\n');
  expect(metrics).toContain('trino_gateway_slots_used{backend="b"} 1\n');
  await foreign(0);
  expect(turnOf(await poll)).toMatchObject({ backend: { id: 'b' } });
});

test('what another replica admitted a moment ago, or what has just ended, passes for load of others', async () => {
  await using file = await databaseFile();
  const keys = { database_url: `sqlite:${file.path}`, default_group: 'g' };
  await using one = await startLimited({ keys, backend: { maxRunningQueries: 2 } });
  await using other = await startTestGatewayserver(keys);
  const ended = await running(one);
  await ended.settle();
  const runs = await running(one);
  const idOf = ({ id }: { id: string }) => `20261121_000000_00001_${id}`;
  const known = async (request: Record<string, unknown>) => {
    const { leases = [] } = await other.ok('AdmissionService/ListLeases', { backendId: 'b', ...request });
    return (leases as { trinoQueryId: string }[]).map(({ trinoQueryId }) => trinoQueryId);
  };
  expect(await known({})).toEqual([idOf(runs)]);
  const trinoQueryIds = [idOf(ended), idOf(runs), '20261121_000000_00001_other'];
  expect((await known({ trinoQueryIds })).toSorted()).toEqual([idOf(ended), idOf(runs)].toSorted());
  expect(await known({ trinoQueryIds, backendId: 'c' })).toEqual([]);
});

test('a disabled group gets no newcomers, and who waits in it starts in turn: so it is drained', async () => {
  await using server = await startLimited();
  const runs = await running(server);
  const waiting = [submission(server), submission(server)];
  for (const one of waiting) await one.enqueue();
  const polls = waiting.map((one) => one.poll(30_000));
  await server.ok('GroupService/DisableGroup', { id: 'g' });
  expect(await submission(server).route()).toMatchObject({ refusalErrorName: expect.any(String) });
  await runs.settle();
  const [first, second] = waiting;
  await first?.handOver(turnOf((await polls[0]) ?? {}));
  await first?.activate();
  await first?.settle();
  expect(await second?.handOver(turnOf((await polls[1]) ?? {}))).toEqual({ accepted: true });
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

test('those who wait in a group that is deleted go on in another one, by arrival, where that is asked for', async () => {
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
  // A policy keeps the group, and nobody is moved.
  expect((await remove({ moveQueuedToGroupId: 'other' })).body.code).toBe('failed_precondition');
  expect((await where()).map(([, groupId]) => groupId)).toEqual(['g', 'g', 'other']);
  await server.ok('PolicyService/DeletePolicy', { id: 'p' });
  expect((await remove({ moveQueuedToGroupId: 'other' })).status).toBe(200);
  expect(await where()).toEqual([first, second, third].map(({ temporaryId }) => [temporaryId, 'other']));
  const polls = [first, second, third].map((one) => one.poll(30_000));
  await server.ok('QueueService/ReleaseGroup', { id: 'other' });
  expect(turnOf((await polls[0]) ?? {})).toMatchObject({ backend: { id: 'c' } });
});

test('slots and places survive a restart, and a held poll is answered when its server stops', async () => {
  await using file = await databaseFile();
  const keys = { database_url: `sqlite:${file.path}`, default_group: 'g' };
  const before = await startLimited({ keys });
  const runs = await running(before);
  const waiting = submission(before);
  await waiting.enqueue();
  const poll = waiting.poll(30_000);
  await until(
    () => before.ok('QueueService/GetQueueStats', { groupId: 'g' }),
    ({ groups }) => (groups as { present?: number }[])[0]?.present === 1,
  );
  await before[Symbol.asyncDispose]();
  expect(await poll).toMatchObject({ waiting: { position: 1 } });

  await using after = await startTestGatewayserver(keys);
  const ask = (rpc: string, request: unknown) => after.ok(`AdmissionService/${rpc}`, request);
  const again = { queryId: waiting.temporaryId, secretHash: hashOf(waiting.id) };
  expect(await ask('AwaitTurn', { ...again, waitMs: 0 })).toMatchObject({ waiting: { position: 1 } });
  const { leases } = await ask('ListLeases', { backendId: 'b' });
  await ask('SettleLeases', {
    trinoQueryIds: (leases as { trinoQueryId: string }[]).map(({ trinoQueryId }) => trinoQueryId),
  });
  expect(turnOf(await ask('AwaitTurn', { ...again, waitMs: 10_000 }))).toMatchObject({
    sealed: base64(`sealed ${waiting.id}`),
  });
  expect(runs.id).not.toBe(waiting.id);
});

test('a slot that one replica frees wakes who is polled at another', async () => {
  await using file = await databaseFile();
  const keys = { database_url: `sqlite:${file.path}`, default_group: 'g' };
  await using one = await startLimited({ keys });
  await using other = await startTestGatewayserver(keys);
  const runs = await running(one);
  const waiting = submission(other);
  expect(await waiting.route()).toMatchObject({ mustWait: true });
  await waiting.enqueue();
  const poll = waiting.poll(30_000);
  await runs.settle();
  expect(await waiting.handOver(turnOf(await poll))).toEqual({ accepted: true });
});

test('a query that its cluster says has completed gives its slot to who waits', async () => {
  await using server = await startLimited();
  const first = submission(server);
  await first.route();
  await first.handOut(QUERY_ID);
  await first.activate(QUERY_ID);
  const waiting = submission(server);
  await waiting.enqueue();
  const poll = waiting.poll(30_000);
  const event = { method: 'POST', headers: { 'content-type': 'application/json' } };
  const post = (queryId: string) =>
    fetch(`${server.url}/v1/trino/events`, { ...event, body: JSON.stringify(completedEvent({ queryId })) });
  expect((await post('20261121_080808_00131_93wed')).status).toBe(200); // not one of ours
  expect((await post(QUERY_ID)).status).toBe(200);
  expect(turnOf(await poll)).toMatchObject({ backend: { id: 'b' } });
  const metrics = await until(
    async () => (await fetch(`${server.opsUrl}/metrics`)).text(),
    (text) => text.includes('trino_gateway_leases_settled_total{by="event"}'),
  );
  expect(metrics).toContain('trino_gateway_leases_settled_total{by="event"} 1\n');
});

test.each(['before', 'after'])(
  'a query that waited has one row of history, whoever tells of it %s the router that handed it over',
  async (when) => {
    await using server = await startLimited();
    const waiting = submission(server);
    await waiting.enqueue();
    await waiting.handOver(turnOf(await waiting.poll()), QUERY_ID);
    const report = (query: Record<string, unknown>) => server.ok('QueryService/RecordQueries', { queries: [query] });
    // A router that passed the last page on knows nothing but the id of the cluster.
    const elsewhere = () => report({ trinoQueryId: QUERY_ID, state: 'FINISHED', endedAt: '2026-11-21T08:08:09Z' });
    if (when === 'before') await elsewhere();
    const handedOver = { id: waiting.temporaryId, trinoQueryId: QUERY_ID, text: 'SELECT 1', backendId: 'b' };
    await report({ ...handedOver, state: 'QUEUED', queuedMs: 70, submittedAt: '2026-11-21T08:08:08Z' });
    if (when === 'after') await elsewhere();
    const { queries } = await server.ok('QueryService/ListQueries', {});
    expect(queries).toMatchObject([{ ...handedOver, state: 'FINISHED', queuedMs: 70 }]);
    for (const id of [waiting.temporaryId, QUERY_ID])
      expect(await server.ok('QueryService/GetQuery', { id })).toEqual((queries as unknown[])[0]);
    // One that nobody else has told of so far is a row of its own, which its router completes.
    const direct = '20261121_080808_00131_93wed';
    await report({ trinoQueryId: direct, state: 'RUNNING' });
    await report({ id: direct, trinoQueryId: direct, text: 'SELECT 2' });
    expect((await server.ok('QueryService/ListQueries', {})).queries).toHaveLength(2);
  },
);

test('queues, waits, slots and hand-overs are metrics', async () => {
  await using server = await startLimited();
  const runs = await running(server);
  const [first, second] = [submission(server), submission(server)];
  await first.enqueue();
  await second.enqueue();
  const poll = first.poll();
  await runs.settle();
  await first.handOver(turnOf(await poll));
  const metrics = await (await fetch(`${server.opsUrl}/metrics`)).text();
  for (const line of [
    'trino_gateway_queue_length{group="g"} 1',
    'trino_gateway_slots_used{backend="b"} 1',
    'trino_gateway_slots_free{backend="b"} 0',
    'trino_gateway_queue_wait_seconds_count{group="g"} 1',
    'trino_gateway_queue_hand_overs_total{result="accepted"} 1',
    'trino_gateway_leases_settled_total{by="page"} 1',
  ])
    expect(metrics).toContain(`${line}\n`);
  expect(metrics).toMatch(/trino_gateway_admission_batch_size_count [1-9]/);
  await first.activate();
  const trinoQueryIds = [`20261121_000000_00001_${first.id}`];
  await server.ok('AdmissionService/SettleLeases', { trinoQueryIds, byLook: true });
  const after = await (await fetch(`${server.opsUrl}/metrics`)).text();
  expect(after).toContain('trino_gateway_leases_settled_total{by="look"} 1\n');
});

async function databaseFile(): Promise<AsyncDisposable & { path: string }> {
  const folder = await mkdtemp(join(tmpdir(), 'admission-'));
  return {
    path: join(folder, 'gateway.db'),
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }),
  };
}

const HASH = hashOf('s');
test.each([
  ['Enqueue', 'group_id', { groupId: 'a b' }],
  ['Enqueue', 'query_id', { queryId: '' }],
  ['Enqueue', 'submission_id', { submissionId: '/' }],
  ['Enqueue', 'secret_hash', { secretHash: 'AAAA' }],
  ['Enqueue', 'sealed', { sealed: '' }],
  ['Enqueue', 'priority', { priority: 2_000_000 }],
  ['Enqueue', 'user', { user: 'x'.repeat(20_000) }],
  ['AwaitTurn', 'wait_ms', { queryId: 'q', secretHash: HASH, waitMs: 30_001 }],
  ['AwaitTurn', 'wait_ms', { queryId: 'q', secretHash: HASH, waitMs: -1 }],
  ['AwaitTurn', 'secret_hash', { queryId: 'q', secretHash: '' }],
  ['Leave', 'query_id', { queryId: 'q q', secretHash: HASH }],
  ['HandOver', 'claim_id', { queryId: 'q', claimId: 'statement', trinoQueryId: 't', sealedAnswer: 'AAAA' }],
  ['HandOver', 'trino_query_id', { queryId: 'q', claimId: 'a', trinoQueryId: '', sealedAnswer: 'AAAA' }],
  ['HandOver', 'sealed_answer', { queryId: 'q', claimId: 'a', trinoQueryId: 't' }],
  ['GiveBack', 'reason', { queryId: 'q', claimId: 'a' }],
  ['GiveBack', 'claim_id', { queryId: 'q', claimId: '', reason: 'FAILED' }],
  ['CancelQueued', 'query_id', { queryId: '', user: 'ann' }],
  ['HandOut', 'submission_id', { submissionId: '', trinoQueryId: 't' }],
  ['HandOut', 'trino_query_id', { submissionId: 's', trinoQueryId: '' }],
  ['Activate', 'trino_query_id', { trinoQueryId: '', backendId: 'b' }],
  ['Activate', 'backend_id', { trinoQueryId: 't', backendId: '' }],
  ['SettleLeases', 'trino_query_ids', { trinoQueryIds: Array.from({ length: 1_001 }, (_, at) => `t${at}`) }],
  ['SettleLeases', 'trino_query_ids', { trinoQueryIds: [''] }],
  ['ListLeases', 'backend_id', {}],
  ['ListLeases', 'trino_query_ids', { backendId: 'b', trinoQueryIds: [''] }],
])('%s with a bad %s says so', async (rpc, field, request) => {
  await using server = await startTestGatewayserver();
  const whole =
    rpc === 'Enqueue' ? { queryId: 'q', submissionId: 's', groupId: 'g', secretHash: HASH, sealed: 'AAAA' } : {};
  const { status, body } = await server.post(`AdmissionService/${rpc}`, { ...whole, ...request });
  expect([status, body.code]).toEqual([400, 'invalid_argument']);
  expect(body.message).toMatch(new RegExp(`^${field}\\b`));
});
