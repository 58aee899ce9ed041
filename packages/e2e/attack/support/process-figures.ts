import { readFileSync, writeFileSync } from 'node:fs';

/** The most memory that a process had resident since it began, or since it was forgotten, in megabytes. */
export function peakMb(pid: number): number {
  return Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) / 1_024;
}

/** Begins anew with what it has now. */
export function forgetPeak(pid: number): void {
  writeFileSync(`/proc/${pid}/clear_refs`, '5');
}

/** Connections that are open to a port of this machine. */
export function connectionsTo(port: number): number {
  const wanted = `:${port.toString(16).toUpperCase().padStart(4, '0')} 01 `;
  const lines = readFileSync('/proc/net/tcp', 'utf8').split('\n');
  return lines.filter((line) => line.includes(wanted)).length;
}

/** How long the main thread of a process has run, and how long it was ready to and other processes had the cores. */
export function scheduled(pid: number): { ranNs: number; waitedNs: number } {
  try {
    const [ran, waited] = readFileSync(`/proc/${pid}/schedstat`, 'utf8').split(' ');
    return { ranNs: Number(ran), waitedNs: Number(waited) };
  } catch {
    return { ranNs: 0, waitedNs: 0 };
  }
}
