import { expect, test } from '@jest/globals';
import { startedAfter } from './restarted.ts';

const ID = '20261121_080808_00130_93wed';
const DATE = 'Sat, 21 Nov 2026 08:10:08 GMT';

test.each<[string, string, string, number | undefined, boolean]>([
  ['a process that is younger than the query has not made it', ID, DATE, 60_000, true],
  ['one that is older may have', ID, DATE, 180_000, false],
  ['one that is as old may have', ID, DATE, 120_000, false],
  ['whole seconds leave room for doubt', ID, DATE, 118_500, false],
  ['so does a rounded uptime', ID, DATE, 117_000, false],
  ['an uptime that nobody said', ID, DATE, undefined, false],
  ['an answer without a date', ID, '', 1_000, false],
  ['a clock that was set back', ID, 'Sat, 21 Nov 2026 08:00:00 GMT', 1_000, false],
  ['an id that names no moment', '20269999_999999_00130_93wed', DATE, 1_000, false],
  ['what is no id', 'abc', DATE, 1_000, false],
])('%s', (_, id, date, uptimeMs, expected) => {
  expect(startedAfter(id, date, uptimeMs)).toBe(expected);
});
