/** When to try again what has failed: after pauses that grow, and are drawn so that many do not come at the same time. */
export type Backoff = {
  isDue(): boolean;
  failed(): void;
  worked(): void;
};

/** The pauses before the second and the last tries, in milliseconds; each is drawn between half and one and a half of it. */
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
      dueAt = now() + pauseMs * (0.5 + random());
      pauseMs = Math.min(pauseMs * 2, longestMs);
    },
    worked: () => {
      pauseMs = firstMs;
    },
  };
}
