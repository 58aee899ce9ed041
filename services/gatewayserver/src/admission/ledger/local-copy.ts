import type { AdmissionChanges } from '../../storage/contract/admission.ts';
import { type AdmissionState, createAdmissionState } from '../state/admission-state.ts';
import { applyEntries } from './stored-entries.ts';

/** The stored state as last read, with the database's clock. */
export type LocalCopy = {
  state(): AdmissionState;
  /** The version whose later changes are to be read; undefined when the whole state is. */
  version(): number | undefined;
  /** Brings the copy up to date. Its version counts once it is confirmed. @returns the database's clock */
  apply(changes: AdmissionChanges): number;
  /** The database has this version now; without one, none that is newer. */
  confirm(version?: number): void;
  /** Undoes what was not stored. If it was stored nevertheless, it is read as a change of another replica. */
  discard(): void;
  /** The database's clock, as far as it is known. */
  now(): number;
  /** The database's clock when it was last read. */
  readonly readAt: number;
  /** Since when polls have been served without a break. */
  readonly servedSince: number;
  /** After a break, until `resumed` is called: waiters present before it are to count as present. */
  readonly isResuming: boolean;
  resumed(): void;
};

/** After a longer gap the whole state is read: past leases and waiters were deleted meanwhile. */
const LONGEST_GAP_MS = 300_000;
/** After a silence of our own of this length, the silence of clients counts for nothing. */
const BREAK_MS = 10_000;

/** One that nothing has been read into. */
export function createLocalCopy(): LocalCopy {
  let state = createAdmissionState();
  let version: number | undefined;
  let confirmedAt = Number.NEGATIVE_INFINITY;
  let clock = { at: 0, read: performance.now() };
  let servedSince = 0;
  let wasAway = true;
  let isResuming = true;
  const msSinceConfirmed = () => performance.now() - confirmedAt;
  return {
    state: () => state,
    version: () => (msSinceConfirmed() > LONGEST_GAP_MS ? undefined : version),
    apply({ now, whole, entries }) {
      state.undo();
      if (whole) state = createAdmissionState();
      applyEntries(state, entries);
      // The clock never goes back, even when a replica reads from a database server whose clock is late.
      const at = Math.max(clock.at, now);
      clock = { at, read: performance.now() };
      if (wasAway || msSinceConfirmed() > BREAK_MS) {
        servedSince = at;
        isResuming = true;
      }
      wasAway = false;
      return at;
    },
    confirm(confirmed = version) {
      version = confirmed;
      confirmedAt = performance.now();
    },
    discard() {
      state.undo();
      wasAway = true;
    },
    now: () => clock.at + performance.now() - clock.read,
    get readAt() {
      return clock.at;
    },
    get servedSince() {
      return servedSince;
    },
    get isResuming() {
      return isResuming;
    },
    resumed() {
      isResuming = false;
    },
  };
}
