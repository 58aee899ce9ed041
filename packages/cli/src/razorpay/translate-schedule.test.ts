import { expect, test } from '@jest/globals';
import { translateSchedule } from './translate-schedule.ts';

const VIENNA = 'Europe/Vienna';

test.each<[string, string, string]>([
  ['* * * * *', '', ''],
  ['  *  * * * * ', '', ''],
  ['? * ? * *', '', ''],
  ['* 8-17 * * 1-5', '* 8-17 * * 1-5', VIENNA],
  ['*  8-17 * *  MON-FRI', '* 8-17 * * MON-FRI', VIENNA],
  ['CRON_TZ=Asia/Kolkata * 8-17 ? * *', '* 8-17 * * *', 'Asia/Kolkata'],
  ['TZ=UTC 0 1 * * *', '0 1 * * *', 'UTC'],
  ['@hourly', '0 * * * *', VIENNA],
  ['@daily', '0 0 * * *', VIENNA],
  ['@every 30s', '', ''],
  ['@every 1m', '', ''],
])('"%s" is up as before', (text, schedule, timeZone) => {
  expect(translateSchedule(text, VIENNA)).toMatchObject({ schedule, timeZone });
});

test.each(['', '   ', '@every 2h', '@every 0s', '@reboot', '* * * *', '0 0 * * * *', 'CRON_TZ=UTC'])(
  'a cluster that never took queries does not begin to: "%s"',
  (text) => expect(translateSchedule(text, '')).toHaveProperty('never'),
);

test('a note names the translated schedule and the time zone it is read in', () => {
  expect(translateSchedule('@daily', '')).toMatchObject({
    remark:
      'its uptime schedule "@daily" is written "0 0 * * *"; its uptime schedule is read in UTC; before in the time zone of the machine of the monitor: --time-zone sets it',
  });
  expect(translateSchedule('* * * * *', VIENNA)).not.toHaveProperty('remark');
});
