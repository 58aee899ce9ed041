import type { AdmissionState } from '../state/admission-state.ts';

const SPAN_MS = 60_000;

/** How many queries took a slot within the last minute, by group. Past leases are remembered for longer than that. */
export function startedLastMinute(state: AdmissionState, now: number): ReadonlyMap<string, number> {
  const started = new Map<string, number>();
  for (const { groupId, phase, takenAt } of state.leases()) {
    if (phase === 'LAPSED' || takenAt <= now - SPAN_MS) continue;
    started.set(groupId, (started.get(groupId) ?? 0) + 1);
  }
  return started;
}

/** When the waiter at this position (from 1) may start at that rate, in whole milliseconds; undefined when none has started. */
export function estimatedStart(position: number, started: number, now: number): number | undefined {
  return started === 0 || position === 0 ? undefined : Math.round(now + (position / started) * SPAN_MS);
}
