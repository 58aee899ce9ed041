import type { AdmissionChanges, AdmissionEntry, AdmissionWrites, Forgotten } from '../../storage/contract/admission.ts';
import type { AdmissionState } from '../state/admission-state.ts';
import type { Lease } from '../state/lease.ts';
import type { Seal } from '../state/seal.ts';
import type { Waiter } from '../state/waiter.ts';

/** The part under which the statement of a waiter is stored; answers are stored under their claims. */
export const STATEMENT_PART = 'statement';

/** The waiters that stored changes are about. */
export function changedWaiterIds({ entries }: AdmissionChanges): string[] {
  return entries.filter(({ kind }) => kind === 'waiter').map(({ id }) => id);
}

/** Applies what was read from the database; the journal does not note it. */
export function applyEntries(state: AdmissionState, entries: readonly AdmissionEntry[]): void {
  for (const { kind, id, document } of entries) {
    const isOver = document === '';
    if (kind === 'hold') state.setHeld(id, !isOver);
    else if (kind === 'seal') isOver ? state.deleteSeal(id) : state.putSeal(JSON.parse(document) as Seal);
    else if (kind === 'lease') isOver ? state.deleteLease(id) : state.putLease(JSON.parse(document) as Lease);
    else isOver ? state.deleteWaiter(id) : state.putWaiter(JSON.parse(document) as Waiter);
  }
  state.journal.clear();
}

/** What has to be written of a state, by its journal. */
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
    // Only a waiter that waits needs its statement: past ones are remembered for minutes, and statements may be large.
    if (after?.phase === 'HANDED_OVER' && before?.phase !== 'HANDED_OVER') forgotten.push({ id, part: STATEMENT_PART });
    else if (after === undefined || after.phase === 'ENDED') forgotten.push({ id });
  }
  for (const [id, before] of state.journal.holds.noted()) note('hold', id, before, state.isHeld(id) ? true : undefined);
  for (const [id, before] of state.journal.seals.noted()) note('seal', id, before, state.seal(id));
  return { entries, sealed: [...state.journal.sealed], forgotten };
}
