import { endIfOver, type Hold, longestHoldMs } from './await-offer.ts';
import type { Ledger } from './ledger/ledger.ts';
import { stays } from './rules/queue.ts';

/**
 * The clients of these queries poll again and again at a router, and count as present for as long as this is held: until one of
 * them does not just wait any more, or the hold is over. An offer stays as it is: the next poll has to pick it up.
 * Returns those that do not just wait, or are not known.
 */
export async function attend(
  ledger: Ledger,
  ids: readonly string[],
  { waitMs, gone, stopping }: Hold,
): Promise<string[]> {
  const isWaiting = (id: string) => ledger.state().waiter(id)?.phase === 'QUEUED';
  const changed = () => ids.filter((id) => !isWaiting(id));
  if (!ids.every(isWaiting) || gone.aborted || stopping.aborted) return changed();
  const { promise: over, resolve: finish } = Promise.withResolvers<void>();
  const visits = ids.map((id) => ({ id, ...ledger.presence.attend(id) }));
  const stopListening = ids.map((id) =>
    ledger.listen(id, () => {
      if (stopping.aborted || !isWaiting(id)) finish();
    }),
  );
  // They may have just come, or have been stored as gone. While the database is away what is known of them stays.
  const due = visits.filter(({ isDue }) => isDue());
  if (due.length > 0)
    ledger
      .run((admission) => {
        for (const { id, stored, rhythmMs } of due) stored(stays(admission, id, rhythmMs()));
      })
      .catch(() => undefined);
  const timer = setTimeout(finish, Math.min(...ids.map((id) => longestHoldMs(ledger, id, waitMs))));
  const onGone = () => finish();
  gone.addEventListener('abort', onGone);
  try {
    await over;
    await Promise.all(ids.map((id) => endIfOver(ledger, id)));
    return changed();
  } finally {
    clearTimeout(timer);
    gone.removeEventListener('abort', onGone);
    for (const stop of stopListening) stop();
    for (const { end } of visits) end();
  }
}
