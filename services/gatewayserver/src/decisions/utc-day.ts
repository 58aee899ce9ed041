export const DAY_MS = 86_400_000;

/** The day of UTC as 2026-01-31, of epoch milliseconds. */
export function utcDay(at: number): string {
  return new Date(at).toISOString().slice(0, 10);
}
