import type { Logger } from './logger.ts';

/** Tells of something that does not work: at once, then once a minute with how often it failed, and when it works again. */
export type OutageLog = {
  /**
   * It failed. Another problem than before is told at once, but no more often than each minute.
   * @param problem what does not work, in words that stay the same while it lasts
   */
  failed(problem: string, fields?: Record<string, unknown>): void;
  /** It worked. */
  succeeded(): void;
  /** Since when it has not worked, as epoch milliseconds; undefined while it does. */
  since(): number | undefined;
};

type Options = {
  logger: Pick<Logger, 'info' | 'warn'>;
  /** The line when it works again. */
  recovered: string;
  /** Further fields of that line. */
  recoveredFields?: () => Record<string, unknown>;
  /** Epoch milliseconds; default the clock. */
  now?: () => number;
};

const EVERY_MS = 60_000;
/** More problems than that at a time are told as one of them. */
const MOST_PROBLEMS = 20;

/** Nothing fails yet. */
export function createOutageLog({ logger, recovered, recoveredFields, now = Date.now }: Options): OutageLog {
  const told = new Map<string, { at: number; untold: number }>();
  let since: number | undefined;
  let failures = 0;
  return {
    failed: (problem, fields = {}) => {
      const at = now();
      since ??= at;
      failures += 1;
      const last = told.get(problem) ?? (told.size < MOST_PROBLEMS ? undefined : told.values().next().value);
      if (last !== undefined && at >= last.at && at - last.at < EVERY_MS) {
        last.untold += 1;
        return;
      }
      const again = last && { failures: last.untold + 1, since: new Date(since).toISOString() };
      told.set(problem, { at, untold: 0 });
      logger.warn(problem, { ...fields, ...again });
    },
    succeeded: () => {
      if (since === undefined) return;
      const seconds = Math.max(0, Math.round((now() - since) / 1_000));
      logger.info(recovered, { failures, seconds, ...recoveredFields?.() });
      since = undefined;
      failures = 0;
      told.clear();
    },
    since: () => since,
  };
}
