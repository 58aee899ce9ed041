const UNITS: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };
/** Longer names of the same. */
const NAMES: Readonly<Record<string, string>> = {
  ...{ msec: 'ms', millis: 'ms', sec: 's', secs: 's', second: 's', seconds: 's' },
  ...{ min: 'm', mins: 'm', minute: 'm', minutes: 'm', hr: 'h', hour: 'h', hours: 'h', day: 'd', days: 'd' },
};
const MOST_MS = 2 ** 31 - 1;

/** Reads `60s`, `5min` or `1h 30m` as milliseconds; undefined when it is not such a text, or too long. */
export function readHumanDuration(text: string): number | undefined {
  if (!/^\s*(\d{1,9}\s*[a-z]+\s*)+$/.test(text)) return undefined;
  let sum = 0;
  for (const [, count = '', name = ''] of text.matchAll(/(\d+)\s*([a-z]+)/g)) {
    const unit = UNITS[Object.hasOwn(NAMES, name) ? (NAMES[name] as string) : name];
    if (unit === undefined) return undefined;
    sum += Number(count) * unit;
  }
  return sum <= MOST_MS ? sum : undefined;
}
