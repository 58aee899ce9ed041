/** A duration as a session property gives it, or why Trino refuses it, in Trino's words. */
export type Duration = { kind: 'duration'; ms: number; text: string } | { kind: 'invalid'; message: string };

const UNITS: ReadonlyMap<string, number> = new Map([
  ['ns', 1e-6],
  ['us', 1e-3],
  ['ms', 1],
  ['s', 1_000],
  ['m', 60_000],
  ['h', 3_600_000],
  ['d', 86_400_000],
]);

// Java's \s and \d, which know ASCII only. Trino 476 wants digits on both sides of a point, no sign and no exponent; 483 takes all
// that Java reads as a number.
const anyVersion = /^[ \t-\r]*\d+(?:\.\d+)?[ \t-\r]*([a-zA-Z]+)[ \t-\r]*$/;
const someVersion = /^[ \t-\r]*([+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)[ \t-\r]*(ns|us|ms|s|m|h|d)[ \t-\r]*$/;
const refusedByAll = /^[ \t-\r]*(?:-\d*[1-9]\d*[ \t-\r]*[a-zA-Z]*|\d+(?:\.\d+)?)[ \t-\r]*$/;
/** No duration that means anything is longer; a pattern must not run over a megabyte. */
const LONGEST = 1_000;

/**
 * Reads a duration as io.airlift.units.Duration does; undefined where it depends on the version of Trino whether it is one, or
 * how long it is.
 */
export function parseDuration(text: string): Duration | undefined {
  if (text === '') return { kind: 'invalid', message: 'duration is empty' };
  if (text.length > LONGEST) return undefined;
  const unit = anyVersion.exec(text)?.[1];
  if (unit !== undefined && !UNITS.has(unit)) return { kind: 'invalid', message: `Unknown time unit: ${unit}` };
  if (refusedByAll.test(text))
    return { kind: 'invalid', message: `duration is not a valid data duration string: ${text}` };
  const [, number = '', name = ''] = someVersion.exec(text) ?? [];
  const value = Number(number);
  const ms = value * (UNITS.get(name) ?? Number.NaN);
  if (number === '' || !Number.isFinite(ms) || ms < 0) return undefined;
  return { kind: 'duration', ms, text: `${Math.abs(value).toFixed(2)}${name}` };
}
