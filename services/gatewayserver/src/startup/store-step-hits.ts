import { describeError, every, type Logger } from '@trino-gateway/runtime';
import type { StepHits } from '../decisions/step-hits.ts';
import { DAY_MS, utcDay } from '../decisions/utc-day.ts';
import type { RoutingHitStore } from '../storage/contract/routing-hits.ts';

const INTERVAL_MS = 10_000;
const KEPT_DAYS = 400;

type Parts = { stepHits: StepHits; store: RoutingHitStore; logger: Logger; now: () => number };

/** Stores what was counted every ten seconds, and once more in the end. While the database is away it waits in memory. */
export function storeStepHits({ stepHits, store, logger, now }: Parts): AsyncDisposable {
  let prunedAt = 0;
  const flush = async () => {
    const { hits, restore } = stepHits.take();
    if (hits.length === 0) return;
    try {
      await store.add(hits);
    } catch (error) {
      restore();
      throw error;
    }
    if (now() - prunedAt < DAY_MS) return;
    prunedAt = now();
    await store.prune(utcDay(now() - KEPT_DAYS * DAY_MS));
  };
  const loop = every(INTERVAL_MS, 'storing what the routing chain did', logger, flush);
  return {
    [Symbol.asyncDispose]: async () => {
      await loop[Symbol.asyncDispose]();
      await flush().catch((error: unknown) =>
        logger.warn('the last counts of the routing chain are lost', { error: describeError(error) }),
      );
    },
  };
}
