import { expect, test } from '@jest/globals';
import { createAdmissionState } from '../state/admission-state.ts';
import type { Lease } from '../state/lease.ts';
import { estimatedStart, startedLastMinute } from './turnover.ts';

const NOW = 1_000_000;

test('the start of a waiter is estimated by how many of its group took a slot within the last minute; without any there is no estimate', () => {
  const state = createAdmissionState();
  const lease = (id: string, groupId: string, agoMs: number, phase: Lease['phase'] = 'RUNNING') =>
    state.putLease({ id, groupId, phase, backendId: 'b', user: 'ann', queryId: id, takenAt: NOW - agoMs, until: 0 });
  lease('1', 'g', 0);
  lease('2', 'g', 59_999, 'SETTLED');
  lease('3', 'g', 60_000);
  lease('4', 'g', 5, 'LAPSED');
  lease('5', 'other', 5);
  const started = startedLastMinute(state, NOW);
  expect(Object.fromEntries(started)).toEqual({ g: 2, other: 1 });
  expect(estimatedStart(3, started.get('g') ?? 0, NOW)).toBe(NOW + 90_000);
  // A contract's timestamp has no fractions of nanoseconds.
  expect(estimatedStart(1, 7, NOW + 0.123456789)).toBe(1_008_572);
  expect(estimatedStart(0, 2, NOW)).toBeUndefined();
  expect(estimatedStart(1, 0, NOW)).toBeUndefined();
});
