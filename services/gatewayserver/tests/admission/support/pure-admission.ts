import { expect } from '@jest/globals';
import type { GroupLimits } from '../../../src/admission/limits/limits.ts';
import type { Admission } from '../../../src/admission/rules/admission.ts';
import { admit } from '../../../src/admission/rules/admit.ts';
import { activate, confirmLease } from '../../../src/admission/rules/lease-phases.ts';
import { type Enqueued, enqueue, type Newcomer } from '../../../src/admission/rules/queue.ts';
import { ADMISSION_TIMES } from '../../../src/admission/rules/times.ts';
import { createAdmissionState } from '../../../src/admission/state/admission-state.ts';
import type { Waiter } from '../../../src/admission/state/waiter.ts';
import { applicant, newcomer } from './arrivals.ts';
import { groupWithoutLimits } from './group-without-limits.ts';
import { limitsOf } from './limits-of.ts';

/** What differs from the default: `max` slots of each backend, backends that are away, all groups and all known backends. */
type Circumstances = Partial<GroupLimits> & { max?: number; away?: string[]; groups?: string[]; known?: string[] };

/** Without server and database: a group `g` of one backend `b` with one slot, unless a test says otherwise. */
export function admissionOf(circumstances: Circumstances = {}): Admission {
  const { max = 1, away = [], groups = ['g'], known, ...own } = circumstances;
  const group: GroupLimits = { ...groupWithoutLimits(['b']), ...own };
  let drawn = 0;
  return {
    state: createAdmissionState(),
    limits: limitsOf({
      isKnown: (id) => known?.includes(id) ?? true,
      maxOnBackend: () => max,
      group: (id) => (groups.includes(id) ? group : undefined),
      isAvailable: (id) => !away.includes(id),
    }),
    times: ADMISSION_TIMES,
    now: 1_000_000,
    servedSince: 0,
    expectedUntil: () => undefined,
    newClaimId: () => `c${drawn++}`,
  };
}

/** Queues a statement. */
export function queue(admission: Admission, id: string, more: Partial<Newcomer> = {}): Enqueued {
  return enqueue(admission, newcomer(id, more));
}

/** Starts a statement, from its call for a slot to its first poll, as the query `q<submissionId>` on backend `b`. */
export function runs(admission: Admission, submissionId: string): void {
  expect(admit(admission, applicant(submissionId)).kind).toBe('lease');
  expect(confirmLease(admission, submissionId, `q${submissionId}`)).toBe(true);
  expect(activate(admission, { queryId: `q${submissionId}`, backendId: 'b', neverWaits: false })).toBe(true);
}

/** The phase of a statement that was queued. */
export function phase(admission: Admission, id: string): Waiter['phase'] | undefined {
  return admission.state.waiter(id)?.phase;
}
