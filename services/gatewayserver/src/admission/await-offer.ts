import type { Ledger } from './ledger/ledger.ts';
import { endHold, endWhenOver, seen } from './rules/queue.ts';
import type { Waiter } from './state/waiter.ts';

/** How a poll is held. */
export type Hold = {
  waitMs: number;
  /** Aborted when nobody waits for the answer any more: the router has disconnected. */
  gone: AbortSignal;
  /** Aborted when this process stops. The ledger calls back then: a listener for each poll would make thousands. */
  stopping: AbortSignal;
};

/** How long a poll waits for the database to store that its client is present. */
const DATABASE_WAIT_MS = 3_000;
/** What is known of the database's clock between two reads may be wrong by so much. */
const CLOCK_MS = 20;

/**
 * Long-polls for a slot: answers the waiter as soon as it is offered one, is assigned or has ended, else when the wait is over.
 * A disconnect marks the client absent. While the database is away the answer is what was last known; undefined when there is
 * no such waiter. @throws DatabaseUnavailableError when that cannot be known
 */
export async function awaitOffer(
  ledger: Ledger,
  id: string,
  { waitMs, gone, stopping }: Hold,
): Promise<Waiter | undefined> {
  const began = performance.now();
  const limit = ledger.state().waiter(id)?.limit;
  // The wait may be over while this poll is held.
  const holdMs = limit === undefined ? waitMs : Math.min(waitMs, Math.max(0, limit.until + CLOCK_MS - ledger.now()));
  const leftMs = () => Math.max(0, holdMs - (performance.now() - began));
  let isStored = false;
  let seenAt: number | undefined;
  const present = async () => {
    const waiter = await ledger.run((admission) => seen(admission, id, leftMs()));
    isStored = true;
    seenAt = waiter?.seenAt;
    return waiter;
  };
  // While the database is away, its presence ends by itself.
  const markAbsent = (at: number) => ledger.run((admission) => endHold(admission, id, at)).catch(() => undefined);
  const announce = () => boundedWait(present(), () => ledger.state().waiter(id));
  const { promise: over, resolve: end } = Promise.withResolvers<'over'>();
  let isOver = false;
  const finish = () => {
    isOver = true;
    end('over');
  };
  const timer = setTimeout(finish, holdMs);
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
      // The database was away when this poll began: store its presence now.
      if (!isStored && !isOver && !stopping.aborted && waitMs > 0) await announce();
    }
    if (gone.aborted && seenAt !== undefined && ledger.state().waiter(id)?.phase === 'QUEUED') await markAbsent(seenAt);
    if (limit !== undefined && limit.until <= ledger.now()) await endNow(ledger, id);
    const waiter = ledger.state().waiter(id);
    // A slot offered between two polls is reserved for a moment only: this poll confirms it.
    return waiter?.phase === 'CLAIMED' && waiter.claim?.pickedUp === false && waitMs > 0 ? await present() : waiter;
  } finally {
    clearTimeout(timer);
    stopListening();
    gone.removeEventListener('abort', finish);
  }
}

/** While the database is away it does not end: what is known says so, and upkeep ends it afterwards. */
async function endNow(ledger: Ledger, id: string): Promise<void> {
  await boundedWait(
    ledger.run((admission) => endWhenOver(admission, id)),
    () => ledger.state().waiter(id),
  );
}

/** Waits for the database, but not for long when the waiter is known without it. */
async function boundedWait(work: Promise<unknown>, known: () => unknown): Promise<void> {
  const { promise: enough, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, DATABASE_WAIT_MS);
  try {
    await Promise.race([work, enough]);
  } catch (error) {
    if (known() === undefined) throw error;
  } finally {
    clearTimeout(timer);
    work.catch(() => undefined);
  }
}
