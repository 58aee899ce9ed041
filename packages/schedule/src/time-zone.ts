/** Minutes. */
export const DAY = 1_440;
const MOST_REMEMBERED_DAYS = 2_000;

/** How local time runs during one UTC day: `before`, and from the minute `changesAt` on `after`. Offsets in minutes. */
export type DayOffsets = { before: number; after: number; changesAt: number };

/** A time zone's offsets from UTC. */
export type TimeZone = {
  /** Of the UTC day with this number since 1970-01-01; minutes count from there, too. */
  offsetsOf(day: number): DayOffsets;
};

// Offsets are the same for everybody in a zone, and asking for one is what costs. Holds as many zones as there are.
const zones = new Map<string, TimeZone>();

/** Whether there is an IANA time zone of this name. */
export function isTimeZone(name: string): boolean {
  // Offsets such as +02:00 are taken by Intl, but are no zones.
  if (!/^[A-Za-z][A-Za-z0-9_+/-]{0,99}$/.test(name)) return false;
  try {
    new Intl.DateTimeFormat('en-US', { timeZone: name });
    return true;
  } catch {
    return false;
  }
}

/** @throws RangeError when there is no such zone */
export function timeZoneOf(name: string): TimeZone {
  const key = name.toLowerCase();
  const zone = zones.get(key) ?? createTimeZone(name);
  zones.set(key, zone);
  return zone;
}

function createTimeZone(timeZone: string): TimeZone {
  const format = new Intl.DateTimeFormat('en-US', { timeZone, timeZoneName: 'longOffset' });
  const days = new Map<number, DayOffsets>();
  const offsetAt = (minute: number): number => {
    const [, sign, hours, minutes] = /GMT(?:([+-])(\d\d):(\d\d))?/.exec(format.format(minute * 60_000)) ?? [];
    const offset = Number(hours ?? 0) * 60 + Number(minutes ?? 0);
    return sign === '-' ? -offset : offset;
  };
  const compute = (day: number): DayOffsets => {
    const before = days.get(day - 1)?.after ?? offsetAt(day * DAY);
    const after = days.get(day + 1)?.before ?? offsetAt((day + 1) * DAY);
    let [low, high] = [day * DAY, (day + 1) * DAY];
    // Clocks change at most once a day.
    while (before !== after && high - low > 1) {
      const middle = Math.floor((low + high) / 2);
      if (offsetAt(middle) === before) low = middle;
      else high = middle;
    }
    return { before, after, changesAt: high };
  };
  return {
    offsetsOf: (day) => {
      const known = days.get(day);
      if (known) return known;
      if (days.size >= MOST_REMEMBERED_DAYS) days.clear();
      const computed = compute(day);
      days.set(day, computed);
      return computed;
    },
  };
}
