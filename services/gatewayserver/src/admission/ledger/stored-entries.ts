import type { AdmissionEntry, AdmissionWrites, Forgotten } from '../../storage/contract/admission.ts';
import type { AdmissionState } from '../state/admission-state.ts';
import type { Lease, Waiter } from '../state/waiter.ts';

/** The part by which the statement of a waiter is stored; answers are stored by their claims. */
export const STATEMENT_PART = 'statement';

/** Brings a state up to date with what others have stored; the journal keeps out of it. */
export function applyEntries(state: AdmissionState, entries: readonly AdmissionEntry[]): void {
  for (const { kind, id, document } of entries) {
    const isOver = document === '';
    if (kind === 'hold') state.setHeld(id, !isOver);
    else if (kind === 'lease') isOver ? state.deleteLease(id) : state.putLease(JSON.parse(document) as Lease);
    else isOver ? state.deleteWaiter(id) : state.putWaiter(JSON.parse(document) as Waiter);
  }
  state.journal.clear();
}

/** What the journal of a state asks to be written. */
export function entriesOf(state: AdmissionState): AdmissionWrites {
  const entries: AdmissionEntry[] = [];
  const forgotten: Forgotten[] = [...state.journal.refused];
  const note = (kind: AdmissionEntry['kind'], id: string, before: unknown, after: unknown) => {
    if (before !== after) entries.push({ kind, id, document: after === undefined ? '' : JSON.stringify(after) });
  };
  for (const [id, before] of state.journal.leases.noted()) note('lease', id, before, state.lease(id));
  for (const [id, before] of state.journal.waiters.noted()) {
    const after = state.waiter(id);
    note('waiter', id, before, after);
    // What waits alone needs its statement: what is over is remembered for minutes, and may be large.
    if (after?.phase === 'HANDED_OVER' && before?.phase !== 'HANDED_OVER') forgotten.push({ id, part: STATEMENT_PART });
    else if (after === undefined || after.phase === 'ENDED') forgotten.push({ id });
  }
  for (const [id, before] of state.journal.holds.noted()) note('hold', id, before, state.isHeld(id) ? true : undefined);
  return { entries, sealed: [...state.journal.sealed], forgotten };
}
