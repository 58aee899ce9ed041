import type { StepHit } from '../routing/chain/chain-answer.ts';
import type { RoutingHits } from '../storage/contract/routing-hits.ts';
import { DAY_MS, utcDay } from './utc-day.ts';

/** How often steps and rules did something, since the start and what is not stored yet. */
export type StepHits = {
  count(hits: readonly StepHit[]): void;
  /** Since the start of this process. */
  totals(): Iterable<Omit<RoutingHits, 'day'>>;
  /** What was counted since the last call. `restore` takes it back when it could not be stored. */
  take(): { hits: RoutingHits[]; restore(): void };
};

type Count = { stepId: string; ruleId: string; did: string; total: number; day: string; hits: number };

/** Steps and rules come and go with the chains of a process; beyond this no new ones are counted. */
const MOST_COUNTS = 20_000;

/** @param now epoch milliseconds */
export function createStepHits(now: () => number): StepHits {
  const counts = new Map<string, Count>();
  const finished: RoutingHits[] = [];
  let today = '';
  let nextDayAt = 0;
  return {
    count(hits) {
      const at = now();
      if (at >= nextDayAt || at < nextDayAt - DAY_MS) {
        today = utcDay(at);
        nextDayAt = Date.parse(today) + DAY_MS;
      }
      for (const { stepId, ruleId, did } of hits) {
        const key = `${stepId} ${ruleId} ${did}`;
        let count = counts.get(key);
        if (count === undefined) {
          if (counts.size >= MOST_COUNTS) continue;
          count = { stepId, ruleId, did, total: 0, day: today, hits: 0 };
          counts.set(key, count);
        }
        if (count.day !== today) {
          if (count.hits > 0) finished.push(hitsOf(count));
          count.day = today;
          count.hits = 0;
        }
        count.total += 1;
        count.hits += 1;
      }
    },
    *totals() {
      for (const { stepId, ruleId, did, total } of counts.values()) yield { stepId, ruleId, did, hits: total };
    },
    take() {
      const taken = finished.splice(0);
      for (const count of counts.values()) {
        if (count.hits > 0) taken.push(hitsOf(count));
        count.hits = 0;
      }
      return {
        hits: taken,
        restore: () => {
          // Newest last: what is too much is dropped from the oldest days.
          finished.unshift(...taken);
          if (finished.length > MOST_COUNTS) finished.splice(0, finished.length - MOST_COUNTS);
        },
      };
    },
  };
}

function hitsOf({ day, stepId, ruleId, did, hits }: Count): RoutingHits {
  return { day, stepId, ruleId, did, hits };
}
