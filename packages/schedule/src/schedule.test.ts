import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { FIELDS, parseField } from './cron-field.ts';
import { readSchedule } from './schedule.ts';

const at = (time: string) => Date.parse(time);
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

/** The changes as text, `+` up and `-` down. */
const changes = (expression: string, zone: string, after: string, most = 4) =>
  readSchedule(expression, zone)
    .nextChanges(at(after), most)
    .map((change) => `${change.up ? '+' : '-'}${new Date(change.at).toISOString().slice(0, 16)}`);

test('office hours end in the minute after the last that matches', () => {
  const office = readSchedule('* 8-17 * * 1-5', 'Europe/Vienna');
  expect(office.isUp(at('2026-11-20T06:59:59.999Z'))).toBe(false);
  expect(office.isUp(at('2026-11-20T07:00:00Z'))).toBe(true);
  expect(office.isUp(at('2026-11-20T16:59:59.999Z'))).toBe(true);
  expect(office.isUp(at('2026-11-20T17:00:00Z'))).toBe(false);
  expect(changes('* 8-17 * * 1-5', 'Europe/Vienna', '2026-11-20T12:00:00Z')).toEqual([
    '-2026-11-20T17:00',
    '+2026-11-23T07:00',
    '-2026-11-23T17:00',
    '+2026-11-24T07:00',
  ]);
});

test('a change that happens now is no next change', () => {
  expect(changes('* 8 * * *', '', '2026-11-20T08:00:00Z', 1)).toEqual(['-2026-11-20T09:00']);
  expect(changes('* 8 * * *', '', '2026-11-20T07:59:59.999Z', 1)).toEqual(['+2026-11-20T08:00']);
});

test.each<[string, string, string, string, string[]]>([
  [
    'in spring an hour that is skipped does not exist',
    '* 2 * * *',
    'Europe/Vienna',
    '2026-03-28T12:00:00Z',
    ['+2026-03-30T00:00', '-2026-03-30T01:00'],
  ],
  [
    'in spring what spans the gap has no hole',
    '* 1-3 * * *',
    'Europe/Vienna',
    '2026-03-28T12:00:00Z',
    ['+2026-03-29T00:00', '-2026-03-29T02:00'],
  ],
  [
    'in autumn an hour that is repeated counts both times',
    '* 2 * * *',
    'Europe/Vienna',
    '2026-10-24T12:00:00Z',
    ['+2026-10-25T00:00', '-2026-10-25T02:00'],
  ],
  [
    'in autumn half of an hour that is repeated comes twice',
    '30-59 2 * * *',
    'Europe/Vienna',
    '2026-10-24T12:00:00Z',
    ['+2026-10-25T00:30', '-2026-10-25T01:00', '+2026-10-25T01:30', '-2026-10-25T02:00'],
  ],
  [
    'a clock that changes by half an hour',
    '* 2 * * *',
    'Australia/Lord_Howe',
    '2026-10-03T12:00:00Z',
    ['+2026-10-03T15:30', '-2026-10-03T16:00'],
  ],
  [
    'a zone that is 45 minutes off',
    '0 0 * * *',
    'Asia/Kathmandu',
    '2026-01-01T00:00:00Z',
    ['+2026-01-01T18:15', '-2026-01-01T18:16'],
  ],
  [
    'a zone without changes',
    '0 12 * * *',
    'Etc/GMT+5',
    '2026-01-01T00:00:00Z',
    ['+2026-01-01T17:00', '-2026-01-01T17:01'],
  ],
  ['the leap day', '* * 29 2 *', '', '2027-06-01T00:00:00Z', ['+2028-02-29T00:00', '-2028-03-01T00:00']],
  ['every fifth minute', '*/5 * * * *', '', '2026-01-01T00:04:00Z', ['+2026-01-01T00:05', '-2026-01-01T00:06']],
  [
    'days over midnight in one piece',
    '* * * * 5-6',
    '',
    '2026-11-16T00:00:00Z',
    ['+2026-11-20T00:00', '-2026-11-22T00:00'],
  ],
])('changes follow the local clock: %s', (_, expression, zone, after, expected) => {
  expect(changes(expression, zone, after, expected.length)).toEqual(expected);
});

test('cron takes one of two restricted days, and both when one begins with a star', () => {
  const upDays = (expression: string) => {
    const schedule = readSchedule(expression, '');
    return Array.from({ length: 30 }, (_, index) => index + 1).filter((day) =>
      schedule.isUp(Date.UTC(2026, 10, day, 12)),
    );
  };
  expect(upDays('* * 13 * 1')).toEqual([2, 9, 13, 16, 23, 30]);
  expect(upDays('* * 13 * *')).toEqual([13]);
  expect(upDays('* * * * 1')).toEqual([2, 9, 16, 23, 30]);
  expect(upDays('* * */2 * 1')).toEqual([9, 23]);
});

test.each([
  ['day of week', '0', [0]],
  ['day of week', '7', [0]],
  ['day of week', '5-7', [0, 5, 6]],
  ['day of week', 'FRI-SUN', [0, 5, 6]],
  ['day of week', 'mon-FRI', [1, 2, 3, 4, 5]],
  ['day of week', '*/2', [0, 2, 4, 6]],
  ['day of week', 'sun,3', [0, 3]],
  ['month', 'JAN,mar-May', [1, 3, 4, 5]],
  ['month', '*/4', [1, 5, 9]],
  ['minute', '10-40/15', [10, 25, 40]],
  ['minute', '1,2-3,58-59', [1, 2, 3, 58, 59]],
  ['hour', '00-02', [0, 1, 2]],
])('%s %s', (name, text, values) => {
  const field = FIELDS.find((one) => one.name === name);
  if (!field) throw new Error('no such field');
  expect([...parseField(text, field)].sort((a, b) => a - b)).toEqual(values);
});

test('the search for a change ends, also of a schedule that never or always matches', () => {
  expect(changes('* * 30 2 *', 'Europe/Vienna', '2026-01-01T00:00:00Z', 10)).toEqual([]);
  expect(changes('* * * * *', 'Europe/Vienna', '2026-01-01T00:00:00Z', 10)).toEqual([]);
});

// The oracle goes minute by minute and asks Intl for the local clock of each.
const ZONES = [
  '',
  'UTC',
  'Europe/Vienna',
  'America/New_York',
  'Australia/Lord_Howe',
  'Asia/Kathmandu',
  'Africa/Casablanca',
];
const NAMES = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'];
const formats = new Map<string, Intl.DateTimeFormat>();

function localParts(zone: string, ms: number): number[] {
  const format =
    formats.get(zone) ??
    new Intl.DateTimeFormat('en-US', {
      timeZone: zone || 'UTC',
      hourCycle: 'h23',
      minute: 'numeric',
      hour: 'numeric',
      day: 'numeric',
      month: 'numeric',
      weekday: 'short',
    });
  formats.set(zone, format);
  const parts = Object.fromEntries(format.formatToParts(ms).map(({ type, value }) => [type, value]));
  return [
    Number(parts.minute),
    Number(parts.hour),
    Number(parts.day),
    Number(parts.month),
    NAMES.indexOf(parts.weekday ?? ''),
  ];
}

function isUpByHand(fields: readonly string[], zone: string, ms: number): boolean {
  const local = localParts(zone, ms);
  const matches = (at: number) =>
    (fields[at] ?? '').split(',').some((item) => {
      const [span = '', step = '1'] = item.split('/');
      const [from, to = from] = span === '*' ? [at === 2 || at === 3 ? 1 : 0, 99] : span.split('-').map(Number);
      const values = at === 4 && local[at] === 0 && span !== '*' ? [0, 7] : [local[at] ?? -1];
      return values.some(
        (value) =>
          from !== undefined && to !== undefined && value >= from && value <= to && (value - from) % Number(step) === 0,
      );
    });
  const days =
    fields[2]?.startsWith('*') || fields[4]?.startsWith('*') ? matches(2) && matches(4) : matches(2) || matches(4);
  return matches(0) && matches(1) && matches(3) && days;
}

const fieldOf = (least: number, most: number) => {
  const value = fc.integer({ min: least, max: most });
  const range = fc.tuple(value, value).map(([a, b]) => `${Math.min(a, b)}-${Math.max(a, b)}`);
  const step = fc.integer({ min: 1, max: Math.min(most, 20) });
  const item = fc.oneof(
    value.map(String),
    range,
    fc.tuple(range, step).map(([text, by]) => `${text}/${by}`),
    step.map((by) => `*/${by}`),
  );
  return fc.oneof(
    { weight: 2, arbitrary: fc.constant('*') },
    { weight: 3, arbitrary: fc.array(item, { minLength: 1, maxLength: 3 }).map((items) => items.join(',')) },
  );
};
const expressions = fc.tuple(fieldOf(0, 59), fieldOf(0, 23), fieldOf(1, 31), fieldOf(1, 12), fieldOf(0, 7));
// Half of the moments are close to a change of clocks.
const moments = fc.oneof(
  fc.integer({ min: at('2025-01-01T00:00:00Z'), max: at('2030-01-01T00:00:00Z') }),
  fc
    .tuple(
      fc.constantFrom(
        '2026-03-29T01:00Z',
        '2026-10-25T01:00Z',
        '2026-03-08T07:00Z',
        '2026-11-01T06:00Z',
        '2026-04-04T15:00Z',
        '2026-10-03T15:30Z',
        '2026-02-15T02:00Z',
        '2026-03-22T02:00Z',
      ),
      fc.integer({ min: -5 * HOUR, max: 2 * HOUR }),
    )
    .map(([time, by]) => at(time) + by),
);

test('every minute is up or down by the local clock, and every change is listed', () => {
  fc.assert(
    fc.property(expressions, fc.constantFrom(...ZONES), moments, (fields, zone, from) => {
      const schedule = readSchedule(fields.join(' '), zone);
      const first = Math.floor(from / MINUTE) * MINUTE;
      const until = first + 6 * HOUR;
      const byHand: string[] = [];
      let up = isUpByHand(fields, zone, first);
      for (let minute = first; minute < until; minute += MINUTE) {
        const now = isUpByHand(fields, zone, minute);
        expect(schedule.isUp(minute)).toBe(now);
        if (now !== up) byHand.push(`${now}${minute}`);
        up = now;
      }
      const listed = schedule.nextChanges(from, 1_000).filter((change) => change.at < until);
      expect(listed.map((change) => `${change.up}${change.at}`)).toEqual(byHand);
    }),
    { numRuns: 150 },
  );
});
