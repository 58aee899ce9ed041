import type { Applicant } from '../../../src/admission/rules/admit.ts';
import type { Newcomer } from '../../../src/admission/rules/queue.ts';

/** A statement of `ann` that asks for a slot of group `g`, unless a test says otherwise. */
export function applicant(submissionId: string, more: Partial<Applicant> = {}): Applicant {
  return {
    submissionId,
    groupId: 'g',
    user: 'ann',
    source: '',
    failedBackendIds: [],
    avoidedBackendIds: [],
    neverWaits: false,
    ...more,
  };
}

/** A statement of `ann` that is to wait in group `g`, unless a test says otherwise. */
export function newcomer(id: string, more: Partial<Newcomer> = {}): Newcomer {
  return { id, groupId: 'g', priority: 0, user: 'ann', source: '', submissionId: `s${id}`, secretHash: '', ...more };
}
