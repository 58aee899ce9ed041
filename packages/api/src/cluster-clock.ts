/** When a query came and how long it waited here, in milliseconds by the clock of the router that took it. */
export type Submitted = { submittedAt: number; queuedMs: number };

/**
 * What to add to times of a query that are by its cluster's clock, in milliseconds, so that they are by the router's. The cluster got
 * the query when its wait here was over; `createdAt` is that moment as the cluster says it. Zero when it does not say.
 */
export function routerAheadMs({ submittedAt, queuedMs }: Submitted, createdAt: number | undefined): number {
  return createdAt === undefined ? 0 : submittedAt + queuedMs - createdAt;
}
