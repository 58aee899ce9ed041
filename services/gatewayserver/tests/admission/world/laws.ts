import type { Waiter } from '../../../src/admission/state/waiter.ts';
import { type Load, sumOf } from '../../../src/admission/state/waiting-loads.ts';
import { must } from '../../support/must.ts';
import { freeFor, isReady } from './slot-offers.ts';
import { BACKENDS, GROUPS, MOST_QUEUED, QUEUES, USERS, type World } from './world.ts';

/** Checks after a step what must always hold. @throws Error naming the law broken */
export function check(world: World): void {
  const counts = countLeases(world);
  checkBackends(world, counts);
  for (const groupId of Object.keys(GROUPS)) checkGroup(world, groupId, counts);
  checkQueues(world);
  checkWaiters(world);
  for (const one of world.clients)
    must(one.posted.filter(({ queryId }) => world.running.has(queryId)).length <= 1, 'one statement runs once');
}

type Counts = ReadonlyMap<string, number>;

/** The leases that count, by what the state counts (`all`, `user`, `member`), and those that a limit bounds: not of statements that never wait. */
function countLeases({ admission, exempt }: World): Counts {
  const counts = new Map<string, number>();
  for (const { id, phase, backendId, groupId, user } of admission.state.leases()) {
    if (phase === 'LAPSED' || phase === 'SETTLED') continue;
    for (const key of [`all ${backendId}`, `user ${groupId} ${user}`, `member ${groupId} ${backendId}`])
      counts.set(key, (counts.get(key) ?? 0) + 1);
    if (exempt.has(id)) continue;
    for (const key of [backendId, `${groupId} ${user}`]) counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  return counts;
}

function checkBackends({ admission, running, max, leasedBefore }: World, counts: Counts): void {
  const runs = new Map<string, number>();
  for (const backendId of running.values()) runs.set(backendId, (runs.get(backendId) ?? 0) + 1);
  for (const backendId of BACKENDS) {
    const all = counts.get(`all ${backendId}`) ?? 0;
    must(admission.state.onBackend(backendId) === all, 'counts are right');
    must((runs.get(backendId) ?? 0) <= all, 'what runs holds a lease');
    // Above a lowered limit no query starts: the number only falls.
    const limited = counts.get(backendId) ?? 0;
    must(limited <= Math.max(max.get(backendId) ?? 0, leasedBefore.get(backendId) ?? 0), 'never over the limit');
    leasedBefore.set(backendId, limited);
  }
}

function checkGroup({ admission, circumstances }: World, groupId: string, counts: Counts): void {
  const { state } = admission;
  const { perUser } = circumstances;
  for (const user of USERS) {
    must(state.ofUser(groupId, user) === (counts.get(`user ${groupId} ${user}`) ?? 0), 'counts of users are right');
    must(perUser === 0 || (counts.get(`${groupId} ${user}`) ?? 0) <= perUser, 'never over the limit of a user');
  }
  for (const id of GROUPS[groupId] ?? [])
    must(
      state.inGroupOnBackend(groupId, id) === (counts.get(`member ${groupId} ${id}`) ?? 0),
      'counts of members are right',
    );
}

/** Compares the waiters that wait with what the state counts, and with the bounds. */
function checkQueues({ admission }: World): void {
  const { state } = admission;
  const { loads } = state;
  const loadOf = (those: (waiter: Waiter) => boolean) => {
    const found = [...state.waiters()].filter((one) => ['QUEUED', 'CLAIMED'].includes(one.phase) && those(one));
    return { waiters: found.length, bytes: found.reduce((sum, { bytes = 0 }) => sum + bytes, 0) };
  };
  const mostIn = (groupId: string) => MOST_QUEUED[groupId]?.all || QUEUES.maxQueuedInGroup;
  const isEqual = (a: Load, b: Load) => a.waiters === b.waiters && a.bytes === b.bytes;
  for (const groupId of Object.keys(GROUPS)) {
    const load = loadOf((one) => one.groupId === groupId);
    must(isEqual(loads.ofGroup(groupId), load), 'loads of groups are right');
    must(load.waiters <= mostIn(groupId), 'a queue is never longer than it may be');
    must(load.bytes <= QUEUES.maxBytesInGroup, 'a queue is never larger than it may be');
  }
  for (const user of USERS) {
    const load = loadOf((one) => one.user === user);
    must(isEqual(sumOf(loads.ofUser(user).values()), load), 'loads of users are right');
    must(load.bytes <= QUEUES.maxBytesOfUser, 'no user has more bytes waiting than it may');
    let rest = 0;
    for (const groupId of Object.keys(GROUPS)) {
      const { waiters } = loadOf((one) => one.user === user && one.groupId === groupId);
      const most = MOST_QUEUED[groupId]?.ofUser ?? 0;
      if (most === 0) rest += waiters;
      else must(waiters <= most, 'no user fills the queue');
    }
    must(rest <= QUEUES.maxQueuedOfUser, 'no user fills the queues without a bound per user');
  }
  const all = loadOf(() => true);
  must(isEqual(loads.all(), all), 'the load of all is right');
  must(all.waiters <= QUEUES.maxQueued && all.bytes <= QUEUES.maxBytes, 'all queues together keep their bounds');
}

function checkWaiters(world: World): void {
  const { state } = world.admission;
  for (const waiter of state.waiters()) {
    if (waiter.phase === 'QUEUED' || waiter.phase === 'ENDED')
      must(state.lease(waiter.submissionId) === undefined, 'a waiter that waits, or has ended, holds no slot');
    if (waiter.phase !== 'QUEUED' || world.offersPending || !isReady(world, waiter)) continue;
    must(freeFor(world, waiter).length === 0, 'no slot is idle while a present waiter may have it');
  }
}
