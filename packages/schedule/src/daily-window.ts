import { timeZoneProblems } from './problems.ts';
import { DAY, timeZoneOf } from './time-zone.ts';

const SECOND_MS = 1_000;
const DAY_SECONDS = DAY * 60;
const DAYS = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday'];
const EVERY_DAY: ReadonlySet<number> = new Set(DAYS.keys());

/** A part of certain days, as it is written: times HH:MM or HH:MM:SS, days by name, a zone; each may be empty. */
export type DailyWindowText = { from: string; to: string; weekdays: readonly string[]; timeZone: string };

/** From a second of the day on, for so many seconds, on the days of the week on which it begins (0 is Sunday). */
export type DailyWindow = {
  from: number;
  seconds: number;
  days: ReadonlySet<number>;
  /** Whether it holds at this time, epoch milliseconds, by the local clock of its zone. */
  holds(at: number): boolean;
};

/**
 * Reads a window. An empty `from` is 00:00, an empty `to` 24:00; where `to` is not after `from`, it ends on the day after. What a
 * clock skips does not exist, what it repeats counts both times.
 * @throws RangeError saying what is wrong with it
 */
export function readDailyWindow({ from, to, weekdays, timeZone }: DailyWindowText): DailyWindow {
  const begins = readFrom(from);
  const ends = readTo(to);
  const days = weekdays.length === 0 ? EVERY_DAY : new Set(weekdays.flatMap(readWeekdays));
  const zone = timeZoneOf(timeZone || 'UTC');
  const seconds = ends > begins ? ends - begins : ends + DAY_SECONDS - begins;
  return {
    from: begins,
    seconds,
    days,
    holds: (at) => {
      const minute = Math.floor(at / (60 * SECOND_MS));
      const { before, after, changesAt } = zone.offsetsOf(Math.floor(minute / DAY));
      const local = Math.floor(at / SECOND_MS) + 60 * (minute < changesAt ? before : after);
      const day = Math.floor(local / DAY_SECONDS);
      const second = local - day * DAY_SECONDS;
      const isSince = (began: number) =>
        days.has(weekdayOf(began)) && second + (day - began) * DAY_SECONDS < begins + seconds;
      return (second >= begins && isSince(day)) || isSince(day - 1);
    },
  };
}

/** 1970-01-01 was a Thursday. */
function weekdayOf(day: number): number {
  return (((day + 4) % 7) + 7) % 7;
}

function readFrom(text: string): number {
  return text === '' ? 0 : readTimeOfDay(text, DAY_SECONDS - 1, '23:59:59');
}

function readTo(text: string): number {
  return text === '' ? DAY_SECONDS : readTimeOfDay(text, DAY_SECONDS, '24:00');
}

/** Seconds since midnight. */
function readTimeOfDay(text: string, most: number, mostText: string): number {
  const [, hours, minutes, seconds] = /^(\d\d):(\d\d)(?::(\d\d))?$/.exec(text) ?? [];
  const second = Number(hours) * 3_600 + Number(minutes) * 60 + Number(seconds ?? 0);
  if (hours === undefined || Number(minutes) > 59 || Number(seconds ?? 0) > 59 || second > most)
    throw new RangeError(`expected HH:MM or HH:MM:SS, up to ${mostText}, got ${quoted(text)}`);
  return second;
}

/** The days of a name (Mon, Monday) or of a range of two (Fri-Mon), in any case. */
function readWeekdays(text: string): number[] {
  const names = text.split('-');
  const [first = -1, last = first] = names.map(readWeekday);
  if (names.length > 2 || first < 0 || last < 0)
    throw new RangeError(
      `expected Mon, Tue, Wed, Thu, Fri, Sat, Sun, their full names or a range such as Mon-Fri, got ${quoted(text)}`,
    );
  return Array.from({ length: ((last - first + 7) % 7) + 1 }, (_, at) => (first + at) % 7);
}

function readWeekday(name: string): number {
  const asked = name.trim().toLowerCase();
  return DAYS.findIndex((day) => day.toLowerCase() === asked || day.slice(0, 3).toLowerCase() === asked);
}

function quoted(text: string): string {
  return JSON.stringify(text.length > 40 ? `${text.slice(0, 40)}…` : text);
}

type WindowProblem = { field: 'from' | 'to' | 'weekdays' | 'time_zone'; message: string };

/** All that is wrong with a window, by field. */
export function dailyWindowProblems({ from, to, weekdays, timeZone }: DailyWindowText): WindowProblem[] {
  return [
    ...problemsOf('from', () => readFrom(from)),
    ...problemsOf('to', () => readTo(to)),
    ...weekdays.flatMap((text) => problemsOf('weekdays', () => readWeekdays(text))),
    ...(timeZone === '' ? [] : timeZoneProblems(timeZone)),
  ];
}

function problemsOf(field: WindowProblem['field'], read: () => unknown): WindowProblem[] {
  try {
    read();
    return [];
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    return [{ field, message: error.message }];
  }
}
