import type { Seal } from '../state/seal.ts';
import type { Admission } from './admission.ts';

/**
 * Seals an incarnation: no slot of it is taken any more. False when one is held, by a query that may have begun, or by a waiter that
 * is offered it.
 * @param isOver what is known to have ended there
 */
export function seal(
  { state, now }: Admission,
  incarnation: Pick<Seal, 'suffix' | 'backendId' | 'url' | 'drain'>,
  isOver: (queryId: string) => boolean,
): boolean {
  if (state.seal(incarnation.suffix) !== undefined) return true;
  const ties = (queryId: string) => queryId === '' || (queryId.endsWith(`_${incarnation.suffix}`) && !isOver(queryId));
  for (const { backendId, queryId } of state.countedLeases())
    if (backendId === incarnation.backendId && ties(queryId)) return false;
  for (const { claim } of state.waiting()) if (claim?.backendId === incarnation.backendId) return false;
  state.putSeal({ ...incarnation, sealedAt: now });
  return true;
}

/** Nothing is left at a sealed incarnation: from now on that is known. */
export function proven({ state, now }: Admission, suffix: string): void {
  const sealed = state.seal(suffix);
  if (sealed && sealed.provenAt === undefined) state.putSeal({ ...sealed, provenAt: now });
}

/** Incarnations that are out of use need no seal. */
export function forgetSeals({ state }: Admission, suffixes: Iterable<string>): void {
  for (const suffix of suffixes) if (state.seal(suffix)) state.deleteSeal(suffix);
}
