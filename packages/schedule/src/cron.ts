import { FIELDS, parseField } from './cron-field.ts';

const LONGEST_EXPRESSION = 500;
const DAY_MS = 86_400_000;

/** From this minute of a day on, up to the next span, it is up or not. */
export type Span = { from: number; up: boolean };

/** Five fields of cron as a set of minutes of the local clock. */
export type Cron = {
  /** The spans of a day of local time, earliest first; the first begins at 0. `day` counts from 1970-01-01. */
  spansOf(day: number): readonly Span[];
};

/** Why a text is no schedule, in words for whoever wrote it. */
export class CronError extends Error {
  override readonly name = 'CronError';
}

const DOWN: readonly Span[] = [{ from: 0, up: false }];

/**
 * Reads `minute hour day-of-month month day-of-week`. When both days are restricted one of them is enough, as cron has
 * it; a day field that begins with `*` restricts nothing by itself, and then both must match.
 * @throws CronError
 */
export function parseCron(expression: string): Cron {
  if (expression.length > LONGEST_EXPRESSION)
    throw new CronError(`expected up to ${LONGEST_EXPRESSION} characters, got ${expression.length}`);
  const texts = expression.trim().split(/\s+/);
  if (texts[0]?.startsWith('@'))
    throw new CronError(`expected five fields, got the shorthand "${shortened(texts[0])}": write the fields out`);
  if (texts.length !== FIELDS.length || texts[0] === '')
    throw new CronError(
      `expected five fields (minute, hour, day of month, month, day of week), got ${texts[0] === '' ? 0 : texts.length}${
        texts.length === 6 ? ': seconds and years are not known' : ''
      }`,
    );
  const sets = texts.map((text, at) => {
    const field = FIELDS[at];
    if (!field) throw new CronError('expected five fields');
    try {
      return parseField(text, field);
    } catch (error) {
      if (error instanceof RangeError) throw new CronError(`${field.name}: ${error.message}`);
      throw error;
    }
  });
  const [minutes, hours, daysOfMonth, months, daysOfWeek] = sets as [Values, Values, Values, Values, Values];
  const eitherDay = !texts[2]?.startsWith('*') && !texts[4]?.startsWith('*');
  const spans = spansOfUpDay(minutes, hours);
  return {
    spansOf: (day) => {
      const date = new Date(day * DAY_MS);
      if (!months.has(date.getUTCMonth() + 1)) return DOWN;
      const byMonth = daysOfMonth.has(date.getUTCDate());
      const byWeek = daysOfWeek.has(date.getUTCDay());
      return (eitherDay ? byMonth || byWeek : byMonth && byWeek) ? spans : DOWN;
    },
  };
}

type Values = ReadonlySet<number>;

function spansOfUpDay(minutes: Values, hours: Values): Span[] {
  const spans: Span[] = [];
  for (let minute = 0; minute < 1_440; minute++) {
    const up = hours.has(Math.floor(minute / 60)) && minutes.has(minute % 60);
    if (up !== spans.at(-1)?.up) spans.push({ from: minute, up });
  }
  return spans;
}

function shortened(text: string): string {
  return text.length > 40 ? `${text.slice(0, 40)}…` : text;
}
