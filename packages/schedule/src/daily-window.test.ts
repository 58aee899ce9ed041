import { expect, test } from '@jest/globals';
import { coveredWindows } from './covered-windows.ts';
import { type DailyWindowText, dailyWindowProblems, readDailyWindow } from './daily-window.ts';

const window = (text: string, weekdays: string[] = [], timeZone = ''): DailyWindowText => {
  const [from = '', to = ''] = text.split('-');
  return { from, to, weekdays, timeZone };
};

// 2026-11-23 is a Monday.
test.each<[string, DailyWindowText, string[], string[]]>([
  ['the whole day without times', window(''), ['2026-11-23T00:00:00', '2026-11-23T23:59:59.999'], []],
  [
    'from the first, up to the last second',
    window('08:00-18:00'),
    ['2026-11-23T08:00', '2026-11-23T17:59:59.999'],
    ['2026-11-23T07:59:59.999', '2026-11-23T18:00'],
  ],
  [
    'to the second',
    window('08:00:10-08:00:20'),
    ['2026-11-23T08:00:10', '2026-11-23T08:00:19'],
    ['2026-11-23T08:00:09', '2026-11-23T08:00:20'],
  ],
  ['up to 24:00', window('22:00-24:00'), ['2026-11-23T23:59:59'], ['2026-11-24T00:00', '2026-11-23T21:59']],
  [
    'over midnight',
    window('22:00-06:00'),
    ['2026-11-23T22:00', '2026-11-24T05:59'],
    ['2026-11-24T06:00', '2026-11-23T21:59'],
  ],
  [
    'over midnight, by the weekday on which it begins',
    window('22:00-06:00', ['Fri']),
    ['2026-11-27T22:00', '2026-11-28T05:59'],
    ['2026-11-27T05:00', '2026-11-28T22:00'],
  ],
  [
    'a day from a time to the same time',
    window('08:00-08:00', ['Mon']),
    ['2026-11-23T08:00', '2026-11-24T07:59'],
    ['2026-11-24T08:00', '2026-11-23T07:59'],
  ],
  [
    'on weekdays by name and range, in any case',
    window('', ['mon-WED', 'friday']),
    ['2026-11-25T12:00', '2026-11-27T12:00'],
    ['2026-11-26T12:00', '2026-11-28T12:00'],
  ],
  [
    'on a range over the end of the week',
    window('', ['Sat-Mon']),
    ['2026-11-28T12:00', '2026-11-29T12:00', '2026-11-23T12:00'],
    ['2026-11-24T12:00', '2026-11-27T12:00'],
  ],
  ['from a time alone to midnight', window('20:00-'), ['2026-11-23T23:59'], ['2026-11-23T19:59']],
  [
    'by the clock of its zone',
    window('08:00-18:00', [], 'Europe/Vienna'),
    ['2026-11-23T07:00', '2026-11-23T16:59'],
    ['2026-11-23T06:59', '2026-11-23T17:00'],
  ],
  [
    'by the weekday of its zone',
    window('00:00-02:00', ['Tue'], 'Asia/Tokyo'),
    ['2026-11-23T15:00', '2026-11-23T16:59'],
    ['2026-11-24T00:30'],
  ],
  ['in summer, too', window('08:00-18:00', [], 'Europe/Vienna'), ['2026-07-01T06:00'], ['2026-07-01T16:00']],
  [
    'not where the clock skips it',
    window('02:00-03:00', [], 'Europe/Vienna'),
    ['2026-03-28T01:30'],
    ['2026-03-29T00:59:59', '2026-03-29T01:00', '2026-03-29T01:30'],
  ],
  [
    'over what the clock skips, without a hole',
    window('01:00-04:00', [], 'Europe/Vienna'),
    ['2026-03-29T00:59:59', '2026-03-29T01:00', '2026-03-29T01:59'],
    ['2026-03-29T02:00'],
  ],
  [
    'both times where the clock repeats it',
    window('02:00-03:00', [], 'Europe/Vienna'),
    ['2026-10-25T00:30', '2026-10-25T01:30'],
    ['2026-10-24T23:59', '2026-10-25T02:00'],
  ],
])('a window holds %s', (_title, text, inside, outside) => {
  const read = readDailyWindow(text);
  expect(inside.filter((time) => !read.holds(Date.parse(`${time}Z`)))).toEqual([]);
  expect(outside.filter((time) => read.holds(Date.parse(`${time}Z`)))).toEqual([]);
});

test.each<[string, string]>([
  ['8:00', 'expected HH:MM or HH:MM:SS, up to 23:59:59, got "8:00"'],
  ['24:00', 'expected HH:MM or HH:MM:SS, up to 23:59:59, got "24:00"'],
  ['99:99:99', 'got "99:99:99"'],
  ['12:60', 'got "12:60"'],
  ['12:00:60', 'got "12:00:60"'],
  [' 12:00', 'got " 12:00"'],
  ['12:00Z', 'got "12:00Z"'],
  ['-1:00', 'got "-1:00"'],
  ['noon', 'got "noon"'],
  ['x'.repeat(1_000), `got "${'x'.repeat(40)}…"`],
])('%j is no time', (text, message) => {
  expect(dailyWindowProblems({ ...window(''), from: text })).toEqual([
    { field: 'from', message: expect.stringContaining(message) },
  ]);
});

test('24:00 is an end, and what comes after it is not', () => {
  expect(dailyWindowProblems(window('00:00-24:00'))).toEqual([]);
  expect(dailyWindowProblems(window('00:00-24:00:01'))).toEqual([
    { field: 'to', message: 'expected HH:MM or HH:MM:SS, up to 24:00, got "24:00:01"' },
  ]);
});

test.each(['', 'Mo', 'Monda', 'Mon-', '-Mon', 'Mon-Tue-Wed', 'Mon,Tue', '1', 'Montag', 'weekdays'])(
  '%j is no weekday',
  (text) => {
    expect(dailyWindowProblems(window('', [text]))).toEqual([
      { field: 'weekdays', message: expect.stringContaining('or a range such as Mon-Fri, got') },
    ]);
  },
);

test('a zone that does not exist is told', () => {
  expect(dailyWindowProblems(window('', [], 'Europe/Wien'))).toEqual([
    { field: 'time_zone', message: 'expected an IANA time zone such as Europe/Vienna, got "Europe/Wien"' },
  ]);
});

test.each<[string, DailyWindowText[], number[]]>([
  ['none of those that do not touch', [window('08:00-12:00'), window('12:00-18:00')], []],
  ['none of those of which a part is left', [window('00:00-24:00'), window('08:00-18:00', ['Mon-Fri'])], []],
  ['what a later one holds for longer', [window('08:00-18:00', ['Mon-Fri']), window('07:00-18:00')], [0]],
  ['all before one that always holds, of any zone', [window('08:00-18:00', [], 'Asia/Tokyo'), window('')], [0]],
  ['what two later ones leave nothing of', [window('08:00-18:00'), window('08:00-13:00'), window('13:00-18:00')], [0]],
  [
    'parts over midnight and the end of the week',
    [window('22:00-02:00', ['Sat']), window('00:00-03:00', ['Sun']), window('21:00-24:00', ['Sat'])],
    [0],
  ],
  ['none of different zones', [window('08:00-18:00', [], 'Europe/Vienna'), window('08:00-18:00')], []],
  ['none beside UTC by its two names', [window('08:00-18:00', [], 'utc'), window('08:00-18:00')], [0]],
])('never count: %s', (_title, windows, expected) => expect(coveredWindows(windows)).toEqual(expected));
