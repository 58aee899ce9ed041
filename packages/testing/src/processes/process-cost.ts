import { readFileSync } from 'node:fs';

const TICKS_PER_SECOND = 100; // USER_HZ of Linux, the unit of /proc/PID/stat

/** These processes and all that they have started, as far as they run. */
export function processTree(pids: readonly number[]): number[] {
  return pids.flatMap((pid) => {
    const listed = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim();
    return [pid, ...processTree(listed === '' ? [] : listed.split(' ').map(Number))];
  });
}

/** User and system time used so far by these processes, in seconds. */
export function cpuSeconds(pids: readonly number[]): number {
  return pids.reduce((sum, pid) => {
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
    return sum + (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
  }, 0);
}

/** Resident memory of a process now, in MB. */
export function residentMb(pid: number): number {
  return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) / 1024;
}
