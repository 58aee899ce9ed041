import { clone } from '@bufbuild/protobuf';
import { timestampFromMs, timestampMs } from '@bufbuild/protobuf/wkt';
import {
  type ClusterScaling,
  ClusterScalingSchema,
  type GroupScaling,
  ScalingEvent_Kind as Kind,
  ClusterScaling_State as State,
} from '@trino-gateway/api/gateway';
import type { ScalingChange } from './decision.ts';
import { type Settings, settingsOf } from './settings.ts';

/** A decision while it is made. */
export type Draft = {
  readonly settings: Settings;
  /** Epoch milliseconds. */
  readonly now: number;
  readonly queued: number;
  readonly longestWaitMs: number;
  readonly paused: boolean;
  /** Copies, in the order of starts. */
  readonly clusters: readonly ClusterScaling[];
  readonly events: ScalingChange[];
  lastChangeAt: number | undefined;
};

/** What counts as a change for the cool-down: clusters that were started, drained or stopped. */
const CHANGES: ReadonlySet<Kind> = new Set([
  Kind.STARTED,
  Kind.UNDRAINED,
  Kind.START_FAILED,
  Kind.DRAIN_BEGUN,
  Kind.STOPPED,
  Kind.FORCE_STOPPED,
]);

export function draftOf(group: GroupScaling): Draft {
  const now = group.now ? timestampMs(group.now) : 0;
  const lastChangeAt = group.lastChangeAt && timestampMs(group.lastChangeAt);
  return {
    settings: settingsOf(group.autoscaling),
    now,
    queued: group.queued,
    longestWaitMs: group.longestWaitMs,
    paused: group.paused,
    clusters: group.clusters.map((cluster) => clone(ClusterScalingSchema, cluster)),
    events: [],
    // A clock that was set back must not make a cool-down longer than it is.
    lastChangeAt: lastChangeAt === undefined ? undefined : Math.min(lastChangeAt, now),
  };
}

/** Notes what was done with a cluster, or found. */
export function note(draft: Draft, cluster: ClusterScaling, kind: Kind, reason: string): void {
  draft.events.push({ backendId: cluster.backendId, kind, reason });
  if (CHANGES.has(kind)) draft.lastChangeAt = draft.now;
}

/** Gives a cluster another state. What belongs to the one before is forgotten. */
export function enter(draft: Draft, cluster: ClusterScaling, state: State, reason: string): void {
  const now = timestampFromMs(draft.now);
  cluster.state = state;
  cluster.since = now;
  cluster.reason = reason;
  cluster.idleSince = undefined;
  cluster.surplusSince = undefined;
  if (state === State.STARTING || state === State.TERMINATING) cluster.toldAt = undefined;
  if (!isUp(cluster)) cluster.readySince = undefined;
  if (!isUp(cluster) && state !== State.DEACTIVATED) cluster.warmedUpAt = undefined;
  if (state === State.STARTING || state === State.READY) cluster.failedUntil = undefined;
  if (state === State.READY) cluster.readySince ??= now;
}

/** Whether it takes queries, or took some and was not stopped since. */
export function isUp({ state }: ClusterScaling): boolean {
  return state === State.READY || state === State.UNHEALTHY || state === State.DRAINING;
}

/** How long ago a stored time was; undefined stays so. Never negative: a clock that was set back makes nothing old. */
export function elapsed(draft: Draft, since: ClusterScaling['since']): number | undefined {
  return since && Math.max(0, draft.now - timestampMs(since));
}

/** A length of time for a reader: 45 s, 3 min, 2 h. */
export function duration(ms: number): string {
  const seconds = Math.round(ms / 1_000);
  if (seconds < 120) return `${seconds} s`;
  return seconds < 7_200 ? `${Math.round(seconds / 60)} min` : `${Math.round(seconds / 3_600)} h`;
}

/** One of a noun, or several: 1 cluster, 2 clusters. */
export function count(number: number, one: string, several = `${one}s`): string {
  return `${number} ${number === 1 ? one : several}`;
}
