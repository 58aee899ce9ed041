import { ClusterScaling_State as State } from '@trino-gateway/api/gateway';
import { whyDeactivated } from './availability.ts';
import type { BackendFacts, ScalingFacts } from './facts.ts';
import { epochMs, isoTime } from './timestamps.ts';

/** What becomes of these by itself, or as soon as somebody waits. */
const STARTABLE: ReadonlySet<State> = new Set([
  State.STATE_UNSPECIFIED,
  State.UNKNOWN,
  State.STOPPED,
  State.DRAINING,
  State.TERMINATING,
]);

/**
 * Which cluster of a group is on its way, or that one will be started, as a part of a sentence; undefined where none is, and none
 * may be: a paused group starts nothing new, and an administrator's word comes before demand.
 * @param members of the group
 */
export function whatIsComing(members: Iterable<BackendFacts>, paused: boolean, now: number): string | undefined {
  let startable: ScalingFacts | undefined;
  for (const facts of members) {
    const { scaling, backend } = facts;
    if (!scaling || whyDeactivated(facts, now) !== '') continue;
    const { state = State.STATE_UNSPECIFIED, since } = scaling.cluster ?? {};
    if (state === State.STARTING) return `cluster ${backend.id} is starting${sinceOf(since)}`;
    if (!paused && STARTABLE.has(state) && !(failedUntil(startable) < failedUntil(scaling))) startable = scaling;
  }
  if (!startable) return undefined;
  const after = failedUntil(startable);
  return `a cluster will be started${after > now ? `, after ${isoTime(after)} as the last start of each has failed` : ''}`;
}

function failedUntil(scaling: ScalingFacts | undefined): number {
  return scaling ? epochMs(scaling.cluster?.failedUntil) : Number.POSITIVE_INFINITY;
}

function sinceOf(since: Parameters<typeof epochMs>[0]): string {
  return since ? ` since ${isoTime(epochMs(since))}` : '';
}
