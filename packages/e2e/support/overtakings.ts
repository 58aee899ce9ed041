import type { Span } from './high-water-mark.ts';
import type { StoredTurn } from './stored-turns.ts';

/** A query that was given its slot although an earlier one's client was polling all the while. */
export type Overtaking = { by: string; overtaken: string; atMs: number };

/**
 * Whom later arrivals have overtaken. Only who polls is served in the order of arrival: one whose poll broke is absent until
 * the next one has arrived. So it counts only when a poll of the overtaken one had been open for so long that it must have.
 */
export function overtakings(
  turns: readonly StoredTurn[],
  pollsOf: (id: string) => readonly Span[],
  certainAfterMs: number,
): Overtaking[] {
  const isPolling = (id: string, at: number) =>
    pollsOf(id).some(({ from, to = Number.POSITIVE_INFINITY }) => from + certainAfterMs <= at && at <= to);
  return turns.flatMap((early) =>
    turns
      .filter((late) => isLater(late, early) && late.turnAt > early.arrivedAt && late.turnAt < early.turnAt)
      .filter(({ turnAt }) => isPolling(early.id, turnAt))
      .map((late) => ({ by: late.id, overtaken: early.id, atMs: late.turnAt })),
  );
}

/** One that finds a slot at once comes after all who wait then. */
function isLater(late: StoredTurn, early: StoredTurn): boolean {
  return early.place !== undefined && (late.place === undefined || late.place > early.place);
}
