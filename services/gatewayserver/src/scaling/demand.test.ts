import { expect, test } from '@jest/globals';
import type { GroupLimits } from '../admission/limits/limits.ts';
import { type AdmissionState, createAdmissionState } from '../admission/state/admission-state.ts';
import type { Waiter } from '../admission/state/waiter.ts';
import { demandOf } from './demand.ts';

const NOW = 100_000;
let place = 0;

/** One that has waited since. */
const waiter = (user: string, queuedAt: number, more: Partial<Waiter> = {}) => {
  const id = `w${place++}`;
  return { id, place, groupId: 'g', priority: 0, user, queuedAt, phase: 'QUEUED', queryId: '', ...more } as Waiter;
};

const runs = (state: AdmissionState, user: string) =>
  state.putLease({
    ...{ id: `l${place++}`, backendId: 'b', groupId: 'g', user, queryId: '', phase: 'RUNNING', takenAt: 0, until: 0 },
  });

const limits = (maxRunningOfUser: number) => ({ group: () => ({ maxRunningOfUser }) as GroupLimits });

test.each<[string, Waiter[], number, number, number]>([
  ['nobody waits', [], 0, 0, 0],
  [
    'all that wait count, present or not',
    [waiter('ann', 90_000), waiter('bob', 40_000, { presentUntil: 0 })],
    0,
    2,
    60_000,
  ],
  ['one of another group does not', [waiter('ann', 0, { groupId: 'h' })], 0, 0, 0],
  ['one with a slot offered does not', [waiter('ann', 0, { phase: 'CLAIMED' })], 0, 0, 0],
  ['one that only one backend may take does not', [waiter('ann', 0, { onlyBackendId: 'x' })], 0, 0, 0],
  ['of a user as many as may still run', [1, 2, 3].map((at) => waiter('bob', at)), 2, 2, 99_999],
  ['of a user who has as many running as they may, none', [waiter('ann', 1), waiter('bob', 5)], 1, 1, 99_995],
  ['a clock that was set back makes no wait negative', [waiter('bob', NOW + 5_000)], 0, 1, 0],
])('%s', (_, waiters, maxRunningOfUser, queued, longestWaitMs) => {
  const state = createAdmissionState();
  runs(state, 'ann');
  for (const one of waiters) state.putWaiter(one);
  expect(demandOf(state, limits(maxRunningOfUser), 'g', NOW)).toEqual({ queued, longestWaitMs });
});

test('while an operator holds the group, nobody waits for a cluster', () => {
  const state = createAdmissionState();
  state.putWaiter(waiter('ann', 0));
  state.setHeld('g', true);
  expect(demandOf(state, limits(0), 'g', NOW)).toEqual({ queued: 0, longestWaitMs: 0 });
});
