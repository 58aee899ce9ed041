/** Which limit was in force when. */
export type LimitLog = {
  set(limit: number, at: number): void;
  /** The largest limit in force within the time before. */
  largest(at: number, withinMs: number): number;
};

/** Nothing in force yet. Times are milliseconds, and only go forward. */
export function createLimitLog(): LimitLog {
  const changes: { limit: number; from: number }[] = [];
  return {
    set: (limit, at) => void changes.push({ limit, from: at }),
    largest: (at, withinMs) =>
      changes
        .filter(
          ({ from }, index) => from <= at && (changes[index + 1]?.from ?? Number.POSITIVE_INFINITY) >= at - withinMs,
        )
        .reduce((most, { limit }) => Math.max(most, limit), 0),
  };
}
