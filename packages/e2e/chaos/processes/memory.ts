import { setTimeout as delay } from 'node:timers/promises';
import { residentMb } from '@trino-gateway/testing/processes/process-cost';
import type { ServiceProcess } from '@trino-gateway/testing/suite/start-service';

const QUIET_MS = 60_000;
const LOOK_MS = 1_000;

/** What is watched: `gatewayserver`, say, and one of its processes. */
export type Watched = { kind: string; process: ServiceProcess };

/** The most memory a process of each kind had. */
export type Peaks = Map<string, number>;

/** Adds what the processes have now; one that was just killed has none. */
export function notePeaks(peaks: Peaks, watched: readonly Watched[]): void {
  for (const { kind, process } of watched) peaks.set(kind, Math.max(peaks.get(kind) ?? 0, now(process)));
}

/** What they have once each kind is within its bound, in megabytes, or after a minute: what was freed is given back in a while. */
export async function memoryAtRest(watched: readonly Watched[], bound: (kind: string) => number): Promise<Peaks> {
  for (const deadline = Date.now() + QUIET_MS; ; await delay(LOOK_MS)) {
    const present: Peaks = new Map();
    notePeaks(present, watched);
    if (Date.now() > deadline || [...present].every(([kind, mb]) => mb <= bound(kind))) return present;
  }
}

function now({ pid }: ServiceProcess): number {
  try {
    return residentMb(pid);
  } catch {
    return 0;
  }
}
