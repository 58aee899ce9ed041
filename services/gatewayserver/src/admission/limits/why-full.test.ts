import { expect, test } from '@jest/globals';
import { newcomer } from '../../../tests/admission/support/arrivals.ts';
import { UNBOUNDED_QUEUES } from '../../../tests/admission/support/limits-of.ts';
import { admissionOf, queue } from '../../../tests/admission/support/pure-admission.ts';
import type { Admission } from '../rules/admission.ts';
import type { GroupLimits, QueueBounds } from './limits.ts';
import { whyFull } from './why-full.ts';

/** Groups `g` and `h`, and what bounds the queues. */
function bounded(queues: Partial<QueueBounds>, own: Record<string, Partial<GroupLimits>> = {}): Admission {
  const admission = admissionOf({ groups: ['g', 'h'] });
  const { limits } = admission;
  const group = (id: string) => {
    const found = limits.group(id);
    return found && { ...found, ...own[id] };
  };
  return { ...admission, limits: { ...limits, group, queues: { ...UNBOUNDED_QUEUES, ...queues } } };
}

/** Queues as many as are taken of `count`, each with as many bytes. */
function fill(admission: Admission, count: number, more: Parameters<typeof queue>[2] = {}): number {
  const from = [...admission.state.waiters()].length;
  const outcomes = Array.from({ length: count }, (_, at) => queue(admission, `${from + at}`, more));
  return outcomes.filter(({ kind }) => kind === 'waits').length;
}

test('a user fills at most its share of a queue, and the next user queues right behind', () => {
  const admission = bounded({ maxQueuedOfUser: 1_000 });
  expect(fill(admission, 3_000, { user: 'mallory' })).toBe(1_000);
  expect(queue(admission, 'honest', { user: 'ann' })).toMatchObject({ kind: 'waits' });
  expect(admission.state.queue('g').findIndex(({ id }) => id === 'honest')).toBe(1_000);
});

test('the bound of a user holds across groups; a group with a bound of its own counts by that', () => {
  const admission = bounded({ maxQueuedOfUser: 3 }, { h: { maxQueuedOfUser: 5 } });
  expect(fill(admission, 9, { groupId: 'h' })).toBe(5);
  expect(fill(admission, 9, { groupId: 'g' })).toBe(3);
  const everywhere = bounded({ maxQueuedOfUser: 3 });
  expect(fill(everywhere, 2, { groupId: 'h' }) + fill(everywhere, 9, { groupId: 'g' })).toBe(3);
});

test('a group without a bound takes as many as the configuration allows, one with a bound as many as that allows', () => {
  const admission = bounded({ maxQueuedInGroup: 3 }, { h: { maxQueued: 5 } });
  expect([fill(admission, 9, { groupId: 'g' }), fill(admission, 9, { groupId: 'h' })]).toEqual([3, 5]);
});

test('all groups together take at most what the configuration allows', () => {
  const admission = bounded({ maxQueued: 4 }, { h: { maxQueued: 9 } });
  expect([fill(admission, 3, { groupId: 'g' }), fill(admission, 9, { groupId: 'h' })]).toEqual([3, 1]);
});

test('bytes are bounded per user, per group and in all', () => {
  const MB = 1_000_000;
  const admission = bounded({ maxBytes: 110 * MB, maxBytesInGroup: 64 * MB, maxBytesOfUser: 32 * MB });
  const large = { bytes: 11 * MB };
  expect(fill(admission, 30, { ...large, user: 'mallory' })).toBe(2);
  expect(queue(admission, 'small', { user: 'mallory', bytes: 10 * MB }).kind).toBe('waits');
  expect(fill(admission, 9, { ...large, user: 'ann' })).toBe(2);
  expect(fill(admission, 9, { ...large, user: 'bob' })).toBe(0);
  expect(fill(admission, 9, { ...large, user: 'bob', groupId: 'h' })).toBe(2);
  expect(fill(admission, 9, { ...large, user: 'cid', groupId: 'h' })).toBe(2);
  expect(fill(admission, 9, { ...large, user: 'dan', groupId: 'h' })).toBe(1);
});

test('a query that has left the queue counts no more, and one that waits already is never refused', () => {
  const admission = bounded({ maxQueued: 1, maxBytes: 10 });
  queue(admission, 'w', { bytes: 10 });
  expect(queue(admission, 'w', { bytes: 10 }).kind).toBe('waits');
  expect(queue(admission, 'x', { bytes: 10 }).kind).toBe('full');
  admission.state.deleteWaiter('w');
  expect(queue(admission, 'x', { bytes: 10 }).kind).toBe('waits');
});

test.each([
  ['maxQueued', 'Too many queued queries in this gateway: at most 1 may wait (gatewayserver.queue_max_queued)'],
  [
    'maxQueuedInGroup',
    'Too many queued queries for group g: at most 1 may wait (gatewayserver.queue_max_queued_per_group)',
  ],
  [
    'maxQueuedOfUser',
    'Too many queued queries of this user: at most 1 may wait (gatewayserver.queue_max_queued_per_user)',
  ],
  [
    'maxBytes',
    'Too many bytes of queued queries in this gateway: at most 1 bytes may wait (gatewayserver.queue_max_bytes)',
  ],
  [
    'maxBytesInGroup',
    'Too many bytes of queued queries for group g: at most 1 bytes may wait (gatewayserver.queue_max_bytes_per_group)',
  ],
  [
    'maxBytesOfUser',
    'Too many bytes of queued queries of this user: at most 1 bytes may wait (gatewayserver.queue_max_bytes_per_user)',
  ],
] as const)('a refusal names its bound, %s, and says what to do', (bound, text) => {
  const admission = bounded({ [bound]: 1 });
  queue(admission, 'w', { bytes: 1 });
  expect(whyFull(admission.state, admission.limits, newcomer('x', { bytes: 1 }))).toBe(
    `${text}. Try again later, or ask the administrators of this gateway`,
  );
});
