import { expect, test } from '@jest/globals';
import { applicant } from '../../../tests/admission/support/arrivals.ts';
import { admissionOf, queue } from '../../../tests/admission/support/pure-admission.ts';
import { isLimited, type OwnLimits } from '../limits/limits.ts';
import { admit } from './admit.ts';
import { expire } from './expiry.ts';

const none: OwnLimits = { maxOnEachBackend: 0, maxRunningOfUser: 0, maxQueued: 0, maxQueuedOfUser: 0, maxWaitMs: 0 };
const observing = (observed: Partial<OwnLimits>, max = 0) => admissionOf({ max, observed: { ...none, ...observed } });
const ask = (admission: ReturnType<typeof observing>, id: string, user = 'ann') => {
  const answer = admit(admission, applicant(id, { user }));
  return answer.kind === 'lease' ? (answer.observed?.text ?? 'nothing') : answer.kind;
};

test('a limit of the group that only observes lets queries start, counts them and tells', () => {
  const admission = observing({ maxOnEachBackend: 1 });
  expect([ask(admission, 's1'), ask(admission, 's2')]).toEqual([
    'nothing',
    'would have waited in group g: all of its slots are taken (max_running_queries_per_backend)',
  ]);
  expect(admission.state.onBackend('b')).toBe(2);
});

test('a limit of a backend that only observes counts what runs past the gateway, too', () => {
  const admission = admissionOf({ max: 0 });
  admission.limits = { ...admission.limits, observedMaxOnBackend: () => 2, externalOn: () => 1 };
  expect([ask(admission, 's1'), ask(admission, 's2')]).toEqual([
    'nothing',
    'would have waited in group g: all of its slots are taken (max_running_queries)',
  ]);
});

test('a limit of a user that only observes tells of that user alone', () => {
  const admission = observing({ maxRunningOfUser: 1 });
  expect([ask(admission, 's1'), ask(admission, 's2'), ask(admission, 's3', 'bob')]).toEqual([
    'nothing',
    'would have waited in group g: its user has 1 queries of 1 running (per_user_max_running)',
    'nothing',
  ]);
});

test('a limit that holds beside one that observes still makes queries wait', () => {
  const admission = observing({ maxOnEachBackend: 5 }, 1);
  expect([ask(admission, 's1'), ask(admission, 's2')]).toEqual(['nothing', 'wait']);
});

test('bounds of the queue that only observe let queries wait, and tell', () => {
  const admission = observing({ maxQueued: 2, maxQueuedOfUser: 1 }, 1);
  const said = (id: string, user: string) => {
    const answer = queue(admission, id, { user });
    return answer.kind === 'waits' ? answer.observed?.text : answer.kind;
  };
  expect([said('w1', 'ann'), said('w2', 'ann'), said('w3', 'bob')]).toEqual([
    undefined,
    'would have been refused: at most 1 queries of one user may wait in group g (per_user_max_queued)',
    'would have been refused: at most 2 queries in all may wait in group g (max_queued)',
  ]);
});

test('a time limit that only observes marks a waiter once, and does not end it', () => {
  const admission = observing({ maxWaitMs: 1_000 }, 1);
  queue(admission, 'w');
  admission.now += 999;
  expire(admission);
  expect(admission.state.waiter('w')?.isOverdue).toBeUndefined();
  admission.now += 1;
  expire(admission);
  const marked = admission.state.waiter('w');
  expect(marked).toMatchObject({ phase: 'QUEUED', isOverdue: true });
  expire(admission);
  expect(admission.state.waiter('w')).toBe(marked);
});

test('a group with limits that only observe counts as limited: its queries take slots', () => {
  const { limits } = admissionOf({ max: 0 });
  const group = limits.group('g');
  if (!group) throw new Error('there is a group');
  expect(isLimited(limits, group)).toBe(false);
  expect(isLimited(limits, { ...group, observed: { ...none, maxOnEachBackend: 1 } })).toBe(true);
  expect(isLimited(limits, { ...group, observed: { ...none, maxQueued: 1 } })).toBe(false);
  expect(isLimited({ ...limits, observedMaxOnBackend: () => 1 }, group)).toBe(true);
});
