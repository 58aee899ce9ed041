/** When something ran, in epoch milliseconds; without an end it still does. */
export type Span = { from: number; to: number | undefined };

/** The most that ran at one moment. What ends at the moment another begins does not run together with it. */
export function highWaterMark(spans: readonly Span[]): number {
  const steps = spans.flatMap(({ from, to = Number.POSITIVE_INFINITY }) => [
    { at: from, by: 1 },
    { at: to, by: -1 },
  ]);
  steps.sort((a, b) => (a.at === b.at ? a.by - b.by : a.at - b.at));
  let running = 0;
  let most = 0;
  for (const { by } of steps) {
    running += by;
    most = Math.max(most, running);
  }
  return most;
}
