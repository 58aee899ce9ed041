import type { Ledger } from './ledger/ledger.ts';
import { endHold, seen } from './rules/queue.ts';
import type { Waiter } from './state/waiter.ts';

/** How a poll is held. */
export type Hold = {
  waitMs: number;
  /** Aborted when nobody waits for the answer any more: its router has gone, or what connected it. */
  gone: AbortSignal;
  /** Aborted when this process stops; the ledger calls back then, as a listener of each hold would make thousands. */
  stopping: AbortSignal;
};

/** Longer than this nobody waits for the database to take down that a client is present. */
const DATABASE_PATIENCE_MS = 3_000;

/**
 * The waiter as soon as it is its turn, or it is with a cluster, or has ended, or when the wait is over. While the database
 * is away it is what was last known. Undefined when nobody knows it any more. @throws DatabaseUnavailableError when it
 * cannot be known
 */
export async function awaitTurn(
  ledger: Ledger,
  id: string,
  { waitMs, gone, stopping }: Hold,
): Promise<Waiter | undefined> {
  const began = performance.now();
  const leftMs = () => Math.max(0, waitMs - (performance.now() - began));
  let isHeard = false;
  let seenAt: number | undefined;
  const present = async () => {
    const waiter = await ledger.run((admission) => seen(admission, id, leftMs()));
    isHeard = true;
    seenAt = waiter?.seenAt;
    return waiter;
  };
  // Its presence ends by itself, when the database is away.
  const lost = (at: number) => ledger.run((admission) => endHold(admission, id, at)).catch(() => undefined);
  const announce = () => patiently(present(), () => ledger.state().waiter(id));
  const { promise: over, resolve: end } = Promise.withResolvers<'over'>();
  let isOver = false;
  const finish = () => {
    isOver = true;
    end('over');
  };
  const timer = setTimeout(finish, waitMs);
  gone.addEventListener('abort', finish);
  let wake = () => {};
  const stopListening = ledger.listen(id, () => wake());
  try {
    if (waitMs > 0) await announce();
    while (!isOver && !gone.aborted && !stopping.aborted) {
      if (ledger.state().waiter(id)?.phase !== 'QUEUED') break;
      const { promise, resolve } = Promise.withResolvers<void>();
      wake = resolve;
      await Promise.race([promise, over]);
      // The database was away when this poll began.
      if (!isHeard && !isOver && !stopping.aborted && waitMs > 0) await announce();
    }
    if (gone.aborted && seenAt !== undefined && ledger.state().waiter(id)?.phase === 'QUEUED') await lost(seenAt);
    const waiter = ledger.state().waiter(id);
    // Offered between two polls it is kept for a moment only, until a poll knows of it.
    return waiter?.phase === 'CLAIMED' && waiter.claim?.pickedUp === false && waitMs > 0 ? await present() : waiter;
  } finally {
    clearTimeout(timer);
    stopListening();
    gone.removeEventListener('abort', finish);
  }
}

/** Waits for the database, but not for long where something is known without it. */
async function patiently(work: Promise<unknown>, known: () => unknown): Promise<void> {
  const { promise: enough, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, DATABASE_PATIENCE_MS);
  try {
    await Promise.race([work, enough]);
  } catch (error) {
    if (known() === undefined) throw error;
  } finally {
    clearTimeout(timer);
    work.catch(() => undefined);
  }
}
