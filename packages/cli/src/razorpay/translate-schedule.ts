/** An uptime schedule as it is read here; `never` where it never counted as up. */
export type TranslatedSchedule = { schedule: string; timeZone: string; remark?: string } | { never: string };

const NAMED: Record<string, string> = {
  '@yearly': '0 0 1 1 *',
  '@annually': '0 0 1 1 *',
  '@monthly': '0 0 1 * *',
  '@weekly': '0 0 * * 0',
  '@daily': '0 0 * * *',
  '@midnight': '0 0 * * *',
  '@hourly': '0 * * * *',
};
const ALWAYS = '* * * * *';

/**
 * Translates `Backend.uptime_schedule`: five fields of cron, names such as @daily, `?` for `*`, a leading `CRON_TZ=ZONE`.
 * @param timeZone of the machine on which the other gateway's monitor ran
 */
export function translateSchedule(text: string, timeZone: string): TranslatedSchedule {
  const [, ownZone, rest = ''] = /^(?:(?:CRON_)?TZ=(\S+)\s+)?(.*)$/s.exec(text.trim()) ?? [];
  const every = /^@every\s+(\S+)$/.exec(rest)?.[1];
  if (every !== undefined)
    return /^(1m(0s)?|\d{1,2}s|60s)$/.test(every) && every !== '0s'
      ? { schedule: '', timeZone: '', remark: `its uptime schedule "${text}" was always up, as it is without one` }
      : { never: `its uptime schedule "${text}" never counted as up` };
  const fields = (NAMED[rest.toLowerCase()] ?? rest).split(/\s+/).map((field) => field.replaceAll('?', '*'));
  if (rest === '') return { never: 'its uptime schedule is empty, which never counted as up' };
  if (fields.length !== 5) return { never: `its uptime schedule "${text}" could not be read, and never counted as up` };
  const schedule = fields.join(' ');
  if (schedule === ALWAYS) return { schedule: '', timeZone: '' };
  const zone = ownZone ?? timeZone;
  const translated = schedule === rest ? '' : `its uptime schedule "${text}" is written "${schedule}"; `;
  return {
    schedule,
    timeZone: zone,
    remark: `${translated}its uptime schedule is read in ${zone || 'UTC'}${ownZone === undefined ? '; before in the time zone of the machine of the monitor: --time-zone sets it' : ''}`,
  };
}
