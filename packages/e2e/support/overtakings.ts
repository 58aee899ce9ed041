import type { GrantedSlot } from './granted-slots.ts';
import type { Span } from './high-water-mark.ts';

/** A query that was given its slot although an earlier one's client was polling all the while. */
export type Overtaking = { by: string; overtaken: string; atMs: number };

/**
 * The queries that later arrivals have overtaken. Only polled queries are served in the order of arrival: one whose poll broke
 * is absent until the next one has arrived. So it counts only when a poll of the overtaken one had been open for so long that
 * it must have.
 */
export function overtakings(
  grants: readonly GrantedSlot[],
  pollsOf: (id: string) => readonly Span[],
  certainAfterMs: number,
): Overtaking[] {
  const isPolling = (id: string, at: number) =>
    pollsOf(id).some(({ from, to = Number.POSITIVE_INFINITY }) => from + certainAfterMs <= at && at <= to);
  return grants.flatMap((early) =>
    grants
      .filter((late) => isLater(late, early) && late.grantedAt > early.arrivedAt && late.grantedAt < early.grantedAt)
      .filter(({ grantedAt }) => isPolling(early.id, grantedAt))
      .map((late) => ({ by: late.id, overtaken: early.id, atMs: late.grantedAt })),
  );
}

/** One that finds a slot at once comes after all who wait then. */
function isLater(late: GrantedSlot, early: GrantedSlot): boolean {
  return early.place !== undefined && (late.place === undefined || late.place > early.place);
}
