import { setTimeout as delay } from 'node:timers/promises';
import { every, type Logger } from '@trino-gateway/runtime';

const MINUTE_MS = 60_000;

/** How long it is from `now` to the next minute of the clock; both in milliseconds, `now` since the epoch. */
export function untilNextMinute(now: number): number {
  return MINUTE_MS - (now % MINUTE_MS);
}

/**
 * Calls `work` at the beginning of each minute of the clock, never twice at a time. Disposal ends it.
 * @param now epoch milliseconds
 */
export function everyMinute(name: string, logger: Logger, work: () => void, now = Date.now): AsyncDisposable {
  return every(0, name, logger, async (signal) => {
    await delay(untilNextMinute(now()), undefined, { signal });
    work();
  });
}
