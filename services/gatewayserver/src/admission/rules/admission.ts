import type { Limits } from '../limits/limits.ts';
import type { AdmissionState } from '../state/admission-state.ts';
import type { AdmissionTimes } from './times.ts';

/** What the rules of admission depend on. They change the state and nothing else. */
export type Admission = {
  state: AdmissionState;
  limits: Limits;
  times: AdmissionTimes;
  /** Milliseconds of the database's clock. */
  now: number;
  /** Since when polls have been served without a break: silence from before counts for nothing. */
  servedSince: number;
  /** Until when a poll of this waiter is expected here, endless while one is held; undefined when that is not known here. */
  expectedUntil: (waiterId: string) => number | undefined;
  newClaimId: () => string;
};
