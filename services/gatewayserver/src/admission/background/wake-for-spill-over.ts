import type { Ledger } from '../ledger/ledger.ts';
import type { Limits } from '../limits/limits.ts';
import { nextSpillOver } from '../limits/spill-over.ts';

/** Offers slots of spill-over groups to waiters as soon as they have waited for long enough. */
export type SpillOverTimer = AsyncDisposable & {
  /** Waiters may have changed. */
  committed(): void;
};

/** Several changes are looked at together. */
const GATHER_MS = 10;
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/**
 * One timer, for the waiter whose time comes first of those that are polled here: other replicas have theirs. What it misses while
 * the database is away, upkeep offers.
 */
export function wakeForSpillOver(
  ledger: Pick<Ledger, 'run' | 'state' | 'now' | 'presence'>,
  limits: Limits,
): SpillOverTimer {
  let gathering: NodeJS.Timeout | undefined;
  let timer: NodeJS.Timeout | undefined;
  let running: Promise<void> | undefined;
  const offer = () => {
    running = ledger.run(() => undefined).catch(() => undefined);
  };
  const schedule = () => {
    gathering = undefined;
    clearTimeout(timer);
    const isOurs = (id: string) => ledger.presence.expectedUntil(id) !== undefined;
    const at = nextSpillOver(ledger.state(), limits, ledger.now(), isOurs);
    if (at !== undefined) timer = setTimeout(offer, Math.min(at - ledger.now() + GATHER_MS, LONGEST_TIMER_MS));
  };
  return {
    committed: () => {
      gathering ??= setTimeout(schedule, GATHER_MS);
    },
    [Symbol.asyncDispose]: async () => {
      clearTimeout(gathering);
      clearTimeout(timer);
      await running;
    },
  };
}
