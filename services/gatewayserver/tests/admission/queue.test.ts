import { expect, test } from '@jest/globals';
import { base64, hashOf, offerOf, running, startLimited, submission } from './support/admission-fixture.ts';

test('a waiter is woken by a free slot, its statement is assigned, and every later poll gets the same answer', async () => {
  await using server = await startLimited();
  const first = await running(server);
  const waiting = submission(server);
  expect(await waiting.route()).toMatchObject({ mustWait: true });
  expect(await waiting.enqueue()).toEqual({ position: 1 });
  expect(await waiting.enqueue()).toEqual({ position: 1 });
  expect(await waiting.poll(0)).toMatchObject({ waiting: { position: 1, groupId: 'g' } });
  const poll = waiting.poll();
  await first.settle();
  const offer = offerOf(await poll);
  expect(offer).toMatchObject({
    sealed: base64(`sealed ${waiting.id}`),
    backend: { id: 'b', url: 'http://b', limited: true },
    decision: { backendId: 'b', groupId: 'g' },
  });
  expect(await waiting.assign(offer)).toEqual({ accepted: true });
  expect(await waiting.assign(offer)).toEqual({ accepted: true });
  expect(await waiting.assign(offer, '20261121_000000_00009_late')).toEqual({});
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

test('each freed slot wakes the next of many waiters', async () => {
  await using server = await startLimited();
  let runs = await running(server);
  const waiting = Array.from({ length: 5 }, () => submission(server));
  for (const [at, one] of waiting.entries()) expect(await one.enqueue()).toEqual({ position: at + 1 });
  const polls = waiting.map((one) => one.poll(30_000));
  for (const [at, one] of waiting.entries()) {
    await runs.settle();
    expect(await waiting[at]?.assign(offerOf((await polls[at]) ?? {}))).toEqual({ accepted: true });
    expect(await one.activate()).toEqual({ allowed: true });
    runs = one;
  }
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

test('a group without an available backend queues when configured so, and starts when one is back', async () => {
  const queue = { whenUnavailable: 'QUEUE' };
  await using server = await startLimited({ backend: { maxRunningQueries: 0 }, group: { queue } });
  await server.ok('BackendService/MarkUnhealthy', { id: 'b' });
  const waiting = submission(server);
  expect(await waiting.route()).toMatchObject({ mustWait: true, decision: { groupId: 'g' } });
  expect(await server.ok('RoutingService/Decide', { user: 'ann' })).toMatchObject({ decision: { groupId: 'g' } });
  await waiting.enqueue();
  const poll = waiting.poll();
  await server.ok('BackendService/MarkHealthy', { id: 'b' });
  expect(offerOf(await poll)).toMatchObject({ backend: { id: 'b' } });
});

test('a statement that a cluster does not accept returns to its place, and so does one with invalid credentials', async () => {
  await using server = await startLimited();
  const waiting = submission(server);
  await waiting.enqueue();
  const refused = offerOf(await waiting.poll());
  const back = { queryId: waiting.temporaryId, claimId: refused.claimId };
  await server.ok('AdmissionService/GiveBack', { ...back, reason: 'UNAUTHENTICATED', text: '401' });
  const again = offerOf(await waiting.poll());
  expect(again.claimId).not.toBe(refused.claimId);
  await server.ok('AdmissionService/GiveBack', { ...back, reason: 'FAILED' }); // of a claim long lost
  expect(await waiting.assign(refused)).toEqual({});
  expect(await waiting.assign(again)).toEqual({ accepted: true });
});

test('an absent first waiter is passed over', async () => {
  await using server = await startLimited();
  const runs = await running(server);
  const [absent, present] = [submission(server), submission(server)];
  await absent.enqueue();
  await present.enqueue();
  await server.ok('AdmissionService/Leave', { queryId: absent.temporaryId, secretHash: hashOf(absent.id) });
  const poll = present.poll();
  await runs.settle();
  expect(offerOf(await poll)).toBeDefined();
  expect(await absent.poll(0)).toMatchObject({ waiting: { position: 1 } });
});
