import { CronError, parseCron } from './cron.ts';
import { isTimeZone } from './time-zone.ts';

/** All that is wrong with an uptime schedule and its time zone, by field; both may be empty. */
export function scheduleProblems(
  uptimeSchedule: string,
  timeZone: string,
): { field: 'uptime_schedule' | 'time_zone'; message: string }[] {
  const problems: ReturnType<typeof scheduleProblems> = [];
  if (uptimeSchedule !== '') {
    try {
      parseCron(uptimeSchedule);
    } catch (error) {
      if (!(error instanceof CronError)) throw error;
      problems.push({ field: 'uptime_schedule', message: error.message });
    }
  }
  if (timeZone === '') return problems;
  if (uptimeSchedule === '')
    problems.push({ field: 'time_zone', message: 'expected only together with uptime_schedule' });
  return [...problems, ...timeZoneProblems(timeZone)];
}

export function timeZoneProblems(timeZone: string): { field: 'time_zone'; message: string }[] {
  if (isTimeZone(timeZone)) return [];
  const message = `expected an IANA time zone such as Europe/Vienna, got ${JSON.stringify(timeZone.slice(0, 80))}`;
  return [{ field: 'time_zone', message }];
}
