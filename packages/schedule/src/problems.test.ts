import { expect, test } from '@jest/globals';
import { scheduleProblems } from './problems.ts';

test.each([
  ['', ''],
  ['* * * * *', ''],
  ['* 8-17 * * 1-5', 'Europe/Vienna'],
  [' */5  0-23/2 1,15 JAN-MAR\tmon-fri ', 'America/New_York'],
  ['0 0 * * 7', 'UTC'],
  ['* * 30 2 *', 'Etc/GMT+5'],
])('%j in %j is accepted', (schedule, zone) => expect(scheduleProblems(schedule, zone)).toEqual([]));

test.each([
  ['* * * *', 'expected five fields (minute, hour, day of month, month, day of week), got 4'],
  ['* * * * * *', 'got 6: seconds and years are not known'],
  ['0 30 8 * * * 2026', 'got 7'],
  [' ', 'got 0'],
  ['@daily', 'got the shorthand "@daily": write the fields out'],
  ['60 * * * *', 'minute: expected 0 to 59, got "60"'],
  ['* 24 * * *', 'hour: expected 0 to 23, got "24"'],
  ['* * 0 * *', 'day of month: expected 1 to 31, got "0"'],
  ['* * * 13 *', 'month: expected 1 to 12 or JAN to DEC, got "13"'],
  ['* * * FOO *', 'month: expected 1 to 12 or JAN to DEC, got "FOO"'],
  ['* * * * 8', 'day of week: expected 0 to 7 or SUN to SAT, got "8"'],
  ['* * * * JAN', 'day of week: expected'],
  ['* * L * *', 'day of month: expected 1 to 31, got "L"'],
  ['* * ? * *', 'day of month: expected 1 to 31, got "?"'],
  ['* * * * 5#2', 'day of week: expected'],
  ['-1 * * * *', 'minute: expected 0 to 59, got "-1"'],
  ['1.5 * * * *', 'minute: expected'],
  ['1-2-3 * * * *', 'minute: expected a range of two values, got "1-2-3"'],
  [
    '* 22-6 * * *',
    'hour: expected a range from the smaller to the larger value, or two ranges (22-23,0-6), got "22-6"',
  ],
  ['*/0 * * * *', 'minute: expected a step of 1 to 59 after the slash, got "*/0"'],
  ['*/ * * * *', 'minute: expected a step of'],
  ['*/x * * * *', 'minute: expected a step of'],
  ['*/60 * * * *', 'minute: expected a step of'],
  ['*/5/5 * * * *', 'minute: expected one step at most, got "*/5/5"'],
  ['5/15 * * * *', 'minute: expected a step over * or a range, such as */15 or 10-40/15, got "5/15"'],
  ['/5 * * * *', 'minute: expected * or a range before the step, got "/5"'],
  ['1,,2 * * * *', 'minute: expected a value on each side of a comma, got ""'],
  ['** * * * *', 'minute: expected'],
  [`${'1,'.repeat(400)}1 * * * *`, 'expected up to 500 characters, got'],
])('a schedule that is no cron expression is refused with the reason: %j', (schedule, reason) => {
  const problems = scheduleProblems(schedule, '');
  expect(problems.map(({ field }) => field)).toEqual(['uptime_schedule']);
  expect(problems[0]?.message).toContain(reason);
});

test.each(['Europe/Wien', 'CEST!', '+02:00', 'Europe/Vienna ', '../UTC', 'x'.repeat(300), 'UTC\n'])(
  'a time zone that does not exist is refused: %j',
  (zone) => {
    expect(scheduleProblems('* * * * *', zone)).toEqual([
      { field: 'time_zone', message: expect.stringContaining('expected an IANA time zone such as Europe/Vienna') },
    ]);
  },
);

test('a time zone without a schedule is a mistake', () => {
  expect(scheduleProblems('', 'UTC')).toEqual([
    { field: 'time_zone', message: 'expected only together with uptime_schedule' },
  ]);
});
