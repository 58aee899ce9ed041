import { EvaluationError } from './evaluation.ts';

/** The parts of a time, read from a date whose UTC fields are those of the wanted time zone. */
export const partOfTime: Readonly<Record<string, (date: Date) => number>> = {
  getFullYear: (date) => date.getUTCFullYear(),
  /** From 0. */
  getMonth: (date) => date.getUTCMonth(),
  /** Of the month, from 1. */
  getDate: (date) => date.getUTCDate(),
  getDayOfMonth: (date) => date.getUTCDate() - 1,
  /** Sunday is 0. */
  getDayOfWeek: (date) => date.getUTCDay(),
  getDayOfYear: (date) => Math.floor((date.getTime() - Date.UTC(date.getUTCFullYear(), 0, 1)) / 86_400_000),
  getHours: (date) => date.getUTCHours(),
  getMinutes: (date) => date.getUTCMinutes(),
  getSeconds: (date) => date.getUTCSeconds(),
  getMilliseconds: (date) => date.getUTCMilliseconds(),
};

/** The milliseconds of the units that a duration is read in. */
export const DURATION_UNITS: Readonly<Record<string, number>> = {
  getHours: 3_600_000,
  getMinutes: 60_000,
  getSeconds: 1_000,
};

const INSTANT = /^\d{4}-\d{2}-\d{2}[Tt]\d{2}:\d{2}:\d{2}(?:\.\d{1,9})?(?:[Zz]|[+-]\d{2}:\d{2})$/;
const UNIT_MS: Readonly<Record<string, number>> = {
  ns: 1e-6,
  us: 1e-3,
  µs: 1e-3,
  ms: 1,
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
};

/**
 * A time as RFC 3339 writes it, in epoch milliseconds.
 * @throws EvaluationError
 */
export function parseTimestamp(text: string): number {
  const ms = INSTANT.test(text) ? Date.parse(text) : Number.NaN;
  if (Number.isNaN(ms)) throw new EvaluationError('this is no time such as "2026-01-31T08:00:00Z"');
  return ms;
}

/**
 * A duration such as `1h30m` or `-1.5s`, in milliseconds.
 * @throws EvaluationError
 */
export function parseDuration(text: string): number {
  const [, sign, parts = ''] = /^([+-]?)((?:\d{1,12}(?:\.\d{1,9})?(?:ns|us|µs|ms|s|m|h))+|0)$/.exec(text) ?? [];
  if (parts === '') throw new EvaluationError('this is no duration such as "1h30m"');
  let ms = 0;
  for (const [, count, unit = ''] of parts.matchAll(/([\d.]+)(ns|us|µs|ms|s|m|h)/g))
    ms += Number(count) * (UNIT_MS[unit] ?? 0);
  return sign === '-' ? -ms : ms;
}

/**
 * The dates of a time zone: their UTC fields are those of its clocks.
 * @throws RangeError when there is no such zone
 */
export function datesIn(timeZone: string): (ms: number) => Date {
  const fixed = /^([+-]?)(\d\d):(\d\d)$/.exec(timeZone);
  if (fixed) {
    const offset = (Number(fixed[2]) * 60 + Number(fixed[3])) * 60_000 * (fixed[1] === '-' ? -1 : 1);
    return (ms) => new Date(ms + offset);
  }
  const fields = { year: 'numeric', month: 'numeric', day: 'numeric' } as const;
  const format = new Intl.DateTimeFormat('en-US', {
    timeZone,
    hourCycle: 'h23',
    ...fields,
    hour: 'numeric',
    minute: 'numeric',
    second: 'numeric',
  });
  return (ms) => {
    const parts = new Map(format.formatToParts(ms).map(({ type, value }) => [type, Number(value)]));
    const part = (name: Intl.DateTimeFormatPartTypes) => parts.get(name) ?? 0;
    const millisecond = ((ms % 1_000) + 1_000) % 1_000;
    return new Date(
      Date.UTC(part('year'), part('month') - 1, part('day'), part('hour'), part('minute'), part('second'), millisecond),
    );
  };
}
