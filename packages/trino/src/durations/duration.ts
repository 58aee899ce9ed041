/** The units of io.airlift.units.Duration, in milliseconds. */
export const DURATION_UNITS: ReadonlyMap<string, number> = new Map([
  ['ns', 1e-6],
  ['us', 1e-3],
  ['ms', 1],
  ['s', 1_000],
  ['m', 60_000],
  ['h', 3_600_000],
  ['d', 86_400_000],
]);

/** Reads a duration as every Trino writes and reads it, such as `11.71m`, as milliseconds; undefined when it is none. */
export function durationMs(text: string): number | undefined {
  const [, amount = '', unit = ''] = /^\s*(\d{1,15}(?:\.\d{1,15})?)\s*([a-z]{1,2})\s*$/.exec(text) ?? [];
  const factor = DURATION_UNITS.get(unit);
  return factor === undefined ? undefined : Number(amount) * factor;
}
