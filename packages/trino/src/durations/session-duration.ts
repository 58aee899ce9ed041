import { DURATION_UNITS } from './duration.ts';

/** A duration as a session property gives it, or why Trino refuses it, in Trino's words. */
export type Duration = { kind: 'duration'; ms: number; text: string } | { kind: 'invalid'; message: string };

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
export function readSessionDuration(text: string): Duration | undefined {
  if (text === '') return { kind: 'invalid', message: 'duration is empty' };
  if (text.length > LONGEST) return undefined;
  const unit = anyVersion.exec(text)?.[1];
  if (unit !== undefined && !DURATION_UNITS.has(unit))
    return { kind: 'invalid', message: `Unknown time unit: ${unit}` };
  if (refusedByAll.test(text))
    return { kind: 'invalid', message: `duration is not a valid data duration string: ${text}` };
  const [, number = '', name = ''] = someVersion.exec(text) ?? [];
  const value = Number(number);
  const ms = value * (DURATION_UNITS.get(name) ?? Number.NaN);
  if (number === '' || !Number.isFinite(ms) || ms < 0) return undefined;
  return { kind: 'duration', ms, text: `${Math.abs(value).toFixed(2)}${name}` };
}
