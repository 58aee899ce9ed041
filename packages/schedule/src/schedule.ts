import { type Cron, parseCron, type Span } from './cron.ts';
import { DAY, type TimeZone, timeZoneOf } from './time-zone.ts';

const MINUTE_MS = 60_000;
/** How far ahead changes are looked for: a schedule that never changes must not cost anything. */
const HORIZON_DAYS = 400;

/** From this time on, epoch milliseconds, it is up or not. */
export type Change = { at: number; up: boolean };

/** A set of minutes. Times are epoch milliseconds. */
export type Schedule = {
  /** Whether the minute at this time belongs to the set. */
  isUp(at: number): boolean;
  /** The changes after this time: at most `most`, at most 400 days ahead, earliest first. */
  nextChanges(after: number, most: number): Change[];
};

/**
 * Reads five fields of cron as the set of the minutes that match on the local clock of the zone; an empty zone is UTC.
 * Minutes that a clock skips do not exist, minutes that it repeats count both times.
 * @throws CronError for the expression, RangeError for the zone
 */
export function readSchedule(expression: string, timeZone: string): Schedule {
  const cron = parseCron(expression);
  const zone = timeZoneOf(timeZone || 'UTC');
  return {
    isUp: (at) => {
      const minute = Math.floor(at / MINUTE_MS);
      const day = Math.floor(minute / DAY);
      const { before, after, changesAt } = zone.offsetsOf(day);
      const local = minute + (minute < changesAt ? before : after);
      const localDay = Math.floor(local / DAY);
      return spanAt(cron.spansOf(localDay), local - localDay * DAY).up;
    },
    nextChanges(after, most) {
      const changes: Change[] = [];
      const first = Math.floor(after / MINUTE_MS) + 1;
      let up = this.isUp(after);
      for (const { from, up: isUp } of spansFrom(cron, zone, first)) {
        if (changes.length >= most) break;
        if (isUp === up) continue;
        changes.push({ at: from * MINUTE_MS, up: isUp });
        up = isUp;
      }
      return changes;
    },
  };
}

function spanAt(spans: readonly Span[], minute: number): Span {
  return spans.findLast(({ from }) => from <= minute) ?? { from: 0, up: false };
}

/** The spans from a minute on, on the UTC clock: each of them begins where the one before ends. */
function* spansFrom(cron: Cron, zone: TimeZone, first: number): Generator<Span> {
  const firstDay = Math.floor(first / DAY);
  for (let day = firstDay; day < firstDay + HORIZON_DAYS; day++) {
    const { before, after, changesAt } = zone.offsetsOf(day);
    const end = (day + 1) * DAY;
    yield* spansWithin(cron, Math.max(first, day * DAY), changesAt, before);
    if (changesAt < end) yield* spansWithin(cron, Math.max(first, changesAt), end, after);
  }
}

/** The spans between two minutes of the UTC clock while local time is ahead of it by `offset`. */
function* spansWithin(cron: Cron, from: number, to: number, offset: number): Generator<Span> {
  for (let localDay = Math.floor((from + offset) / DAY); localDay * DAY - offset < to; localDay++) {
    const spans = cron.spansOf(localDay);
    const midnight = localDay * DAY - offset;
    for (const [at, span] of spans.entries()) {
      const begins = Math.max(from, midnight + span.from);
      const ends = Math.min(to, midnight + (spans[at + 1]?.from ?? DAY));
      if (begins < ends) yield { from: begins, up: span.up };
    }
  }
}
