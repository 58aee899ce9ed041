import type { Logger } from './logger.ts';

/** Log lines of one kind, as many as clients cause. */
export type BoundedLines = (message: string, fields: Record<string, unknown>) => void;

/**
 * Logs at info, at most so many lines a second: clients must not fill the log. The next line that is written says in `leftOut` how
 * many were not.
 * @param now milliseconds of a clock that never goes back
 */
export function createBoundedLines(
  logger: Pick<Logger, 'info'>,
  mostPerSecond: number,
  now: () => number = () => performance.now(),
): BoundedLines {
  let second = Number.NEGATIVE_INFINITY;
  let written = 0;
  let leftOut = 0;
  return (message, fields) => {
    if (now() - second >= 1_000) {
      second = now();
      written = 0;
    }
    if (written >= mostPerSecond) {
      leftOut += 1;
      return;
    }
    written += 1;
    logger.info(message, leftOut > 0 ? { ...fields, leftOut } : fields);
    leftOut = 0;
  };
}
