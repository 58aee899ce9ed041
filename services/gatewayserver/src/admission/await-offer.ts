import { within } from '@trino-gateway/runtime';
import type { Ledger } from './ledger/ledger.ts';
import { endWhenOver, overAt, seen } from './rules/queue.ts';
import type { Waiter } from './state/waiter.ts';

/** How a poll is held. */
export type Hold = {
  waitMs: number;
  /** Aborted when nobody waits for the answer any more: the router has disconnected. */
  gone: AbortSignal;
  /** Aborted when this process stops. The ledger calls back then: a listener for each poll would make thousands. */
  stopping: AbortSignal;
};

/** What is known of the database's clock between two reads may be wrong by so much. */
const CLOCK_MS = 20;
/** How long a poll whose query's time is over waits for that to be stored. */
const END_WAIT_MS = 500;

/**
 * Long-polls for a slot: answers the waiter as soon as it is offered one, is assigned or has ended, else when the wait is over.
 * Its client counts as present meanwhile, and until its next poll is overdue. While the database is away the answer is what was
 * last known; undefined when there is no such waiter. @throws DatabaseUnavailableError when that cannot be known
 */
export async function awaitOffer(ledger: Ledger, id: string, hold: Hold): Promise<Waiter | undefined> {
  // A caller that does not wait only asks.
  if (hold.waitMs === 0) {
    await endIfOver(ledger, id);
    return ledger.state().waiter(id);
  }
  const holdMs = longestHoldMs(ledger, id, hold.waitMs);
  const until = performance.now() + holdMs;
  const visit = ledger.presence.enter(id, holdMs);
  const present = async () => {
    const leftMs = Math.max(0, until - performance.now());
    const stored = await ledger.run((admission) => seen(admission, id, leftMs, visit.rhythmMs()));
    visit.stored(stored);
  };
  try {
    await whileQueued(ledger, id, { ...hold, waitMs: holdMs }, { isDue: visit.isDue, present });
    const found = ledger.state().waiter(id);
    if (found?.phase !== 'CLAIMED' || found.claim?.pickedUp !== false || hold.gone.aborted) return found;
    // A slot offered between two polls is reserved for a moment only: this poll confirms it, and need not wait for that.
    present().catch(() => undefined);
    return found;
  } finally {
    visit.end();
  }
}

/** For how long a poll of this query may be held that may be held for `waitMs`: its wait may be over before. */
export function longestHoldMs(ledger: Ledger, id: string, waitMs: number): number {
  const until = endOf(ledger, id);
  return until === undefined ? waitMs : Math.min(waitMs, Math.max(0, until + CLOCK_MS - ledger.now()));
}

/** Returns when the waiter is not just queued any more, or the hold is over; `present` stores that its client is there. */
async function whileQueued(
  ledger: Ledger,
  id: string,
  { waitMs, gone, stopping }: Hold,
  { isDue, present }: { isDue: () => boolean; present: () => Promise<void> },
): Promise<void> {
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
    while (!isOver && !gone.aborted && !stopping.aborted) {
      const { promise: changed, resolve } = Promise.withResolvers<void>();
      wake = resolve;
      // It has just come, or has been stored as gone; or the database was away when this poll began.
      if (isDue()) await storedUnless(over, present(), () => ledger.state().waiter(id));
      if (ledger.state().waiter(id)?.phase !== 'QUEUED') break;
      await Promise.race([changed, over]);
    }
    await endIfOver(ledger, id);
  } finally {
    clearTimeout(timer);
    stopListening();
    gone.removeEventListener('abort', finish);
  }
}

function endOf(ledger: Ledger, id: string): number | undefined {
  const waiter = ledger.state().waiter(id);
  return waiter && overAt(waiter);
}

/** Ends it when its wait is over. While the database is away it does not end: what is known says so, and upkeep ends it afterwards. */
export async function endIfOver(ledger: Ledger, id: string): Promise<void> {
  const until = endOf(ledger, id);
  if (until === undefined || until > ledger.now()) return;
  await within(END_WAIT_MS, () => ledger.run((admission) => endWhenOver(admission, id)).catch(() => undefined));
}

/** Waits for the database, but not for longer than the poll is held, nor for nothing when the waiter is known without it. */
async function storedUnless(over: Promise<unknown>, work: Promise<unknown>, known: () => unknown): Promise<void> {
  try {
    await Promise.race([work, over]);
  } catch (error) {
    if (known() === undefined) throw error;
  } finally {
    work.catch(() => undefined);
  }
}
