/** When to try again after failures: the pauses grow, and are drawn at random so that not all come at the same time. */
export type Backoff = {
  isDue(): boolean;
  /** @returns the pause that follows, in milliseconds */
  failed(): number;
  succeeded(): void;
};

/** The shortest and the longest pause, in milliseconds; each is drawn between half and one and a half of it. */
export type Pauses = { firstMs: number; longestMs: number };

/** Due at once. `now` is any steady clock in milliseconds. */
export function createBackoff(
  { firstMs, longestMs }: Pauses,
  now: () => number = () => performance.now(),
  random: () => number = Math.random,
): Backoff {
  let pauseMs = firstMs;
  let dueAt = Number.NEGATIVE_INFINITY;
  return {
    isDue: () => now() >= dueAt,
    failed: () => {
      const drawnMs = pauseMs * (0.5 + random());
      dueAt = now() + drawnMs;
      pauseMs = Math.min(pauseMs * 2, longestMs);
      return drawnMs;
    },
    succeeded: () => {
      pauseMs = firstMs;
    },
  };
}
