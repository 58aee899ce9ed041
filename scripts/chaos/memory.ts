import { residentMb } from '../../bench/process-cost.ts';
import type { ManagedProcess } from '../../packages/e2e/src/managed-process.ts';

/** What is watched: `gatewayserver`, say, and one of its processes. */
export type Watched = { kind: string; process: ManagedProcess };

/** The most memory a process of each kind had. */
export type Peaks = Map<string, number>;

/** Adds what the processes have now; one that was just killed has none. */
export function notePeaks(peaks: Peaks, watched: readonly Watched[]): void {
  for (const { kind, process } of watched) peaks.set(kind, Math.max(peaks.get(kind) ?? 0, now(process)));
}

function now({ pid }: ManagedProcess): number {
  try {
    return residentMb(pid);
  } catch {
    return 0;
  }
}
