/** When a query came and how long it waited here, in milliseconds by the clock of the router that took it. */
export type Submitted = { submittedAt: number; queuedMs: number };

/** To be decided about and posted may take a query so long: a cluster that had it within this may have the right time. */
const LONGEST_WAY_MS = 60_000;

/**
 * What to add to times of a query that are by its cluster's clock, in milliseconds, so that they are by the router's. The cluster got
 * the query after its wait here; `createdAt` is that moment as the cluster says it. Zero while the two clocks may agree, or when it
 * does not say.
 */
export function routerAheadMs({ submittedAt, queuedMs }: Submitted, createdAt: number | undefined): number {
  if (createdAt === undefined) return 0;
  const onItsWayMs = createdAt - (submittedAt + queuedMs);
  return onItsWayMs >= 0 && onItsWayMs <= LONGEST_WAY_MS ? 0 : -onItsWayMs;
}
