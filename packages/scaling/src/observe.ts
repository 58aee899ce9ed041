import { timestampFromMs, timestampMs } from '@bufbuild/protobuf/wkt';
import {
  type ClusterScaling,
  type Group_Autoscaling,
  ScalingEvent_Kind as Kind,
  Backend_Scaler_State as Said,
  ClusterScaling_State as State,
} from '@trino-gateway/api/gateway';
import { type Draft, duration, elapsed, enter, note } from './draft.ts';
import { isReady, isSettled } from './readiness.ts';

/** Probes notice a stopped cluster within this time; who is still called healthy then is so by an operator's word. */
const PROBES_NOTICE_MS = 60_000;

/** What is found may change the state more than once: given back, found up, and sealed. */
const MOST_STEPS = 4;

type Observer = (draft: Draft, cluster: ClusterScaling, autoscaling: Group_Autoscaling | undefined) => void;

/** What follows for one cluster from what was found out about it; demand plays no part. */
export function observe(draft: Draft, cluster: ClusterScaling, autoscaling: Group_Autoscaling | undefined): void {
  keepTimesPast(draft, cluster);
  for (let steps = 0; steps < MOST_STEPS; steps++) {
    const { state, forceStop: isForced } = cluster;
    observerOf(cluster)?.(draft, cluster, autoscaling);
    if (cluster.state === state && cluster.forceStop === isForced) return;
  }
}

function observerOf(cluster: ClusterScaling): Observer | undefined {
  if (cluster.scalable && cluster.forceStop) return forceStop;
  if (cluster.deactivatedReason !== '') return deactivate;
  return cluster.scalable ? OBSERVERS[cluster.state] : countAsItIs;
}

/** Where its clock was set back, a time that would be in the future is now. */
function keepTimesPast(draft: Draft, cluster: ClusterScaling): void {
  const now = timestampFromMs(draft.now);
  const past = (time: ClusterScaling['since']) => (time && time.seconds > now.seconds + 1n ? now : time);
  cluster.since = past(cluster.since);
  cluster.idleSince = past(cluster.idleSince);
  cluster.surplusSince = past(cluster.surplusSince);
  cluster.readySince = past(cluster.readySince);
  cluster.toldAt = past(cluster.toldAt);
  const latest = draft.now + draft.settings.startTimeoutMs;
  if (cluster.failedUntil && timestampMs(cluster.failedUntil) > latest) cluster.failedUntil = timestampFromMs(latest);
}

function deactivate(draft: Draft, cluster: ClusterScaling): void {
  if (cluster.state === State.DEACTIVATED) {
    cluster.reason = cluster.deactivatedReason;
    return;
  }
  const isFirst = cluster.state === State.STATE_UNSPECIFIED;
  enter(draft, cluster, State.DEACTIVATED, cluster.deactivatedReason);
  if (cluster.scalable && !isFirst) note(draft, cluster, Kind.DEACTIVATED, cluster.reason);
}

function countAsItIs(draft: Draft, cluster: ClusterScaling): void {
  const state = cluster.healthy ? State.READY : State.UNHEALTHY;
  if (cluster.state !== state) enter(draft, cluster, state, 'it has no scaler, and counts as it is');
}

/** An operator's word: it holds for a cluster of any state, also for one that an administrator took out. */
function forceStop(draft: Draft, cluster: ClusterScaling): void {
  if (hasStopped(draft, cluster) || (cluster.state === State.STOPPED && cluster.observed !== Said.RUNNING)) {
    cluster.forceStop = false;
    enter(draft, cluster, State.STOPPED, 'an operator had it stopped');
  } else if (cluster.state !== State.TERMINATING) {
    enter(draft, cluster, State.TERMINATING, 'an operator has it stopped without waiting for its queries');
    note(draft, cluster, Kind.FORCE_STOPPED, cluster.reason);
  }
}

function hasStopped(draft: Draft, cluster: ClusterScaling): boolean {
  if (cluster.state !== State.TERMINATING) return false;
  if (cluster.observed === Said.STATE_UNSPECIFIED) return cluster.toldAt !== undefined && !cluster.healthy;
  const isStale = cluster.healthy && (elapsed(draft, cluster.since) ?? 0) < PROBES_NOTICE_MS;
  return cluster.observed === Said.STOPPED && !isStale;
}

const OBSERVERS: { [state in State]?: Observer } = {
  [State.STATE_UNSPECIFIED]: find,
  [State.UNKNOWN]: find,
  [State.DEACTIVATED]: (draft, cluster) => {
    enter(draft, cluster, State.UNKNOWN, 'its administrator gave it back');
    note(draft, cluster, Kind.ACTIVATED, cluster.reason);
  },
  [State.STOPPED]: (draft, cluster, autoscaling) => {
    if (cluster.observed !== Said.RUNNING && cluster.observed !== Said.STARTING) return;
    const isUsable = isReady(cluster, autoscaling, timestampFromMs(draft.now));
    change(draft, cluster, isUsable ? State.READY : State.STARTING, 'it was started by hand');
  },
  [State.STARTING]: (draft, cluster, autoscaling) => {
    // Until it was told to start, what is known is about the time before. A leader that died may have told it without a word.
    const wasTold = cluster.toldAt !== undefined || cluster.observed === Said.RUNNING;
    if (wasTold && isReady(cluster, autoscaling, timestampFromMs(draft.now))) {
      becomeReady(draft, cluster, 'it passes its probes, and has settled');
    } else if ((elapsed(draft, cluster.since) ?? 0) >= draft.settings.startTimeoutMs) failStart(draft, cluster);
  },
  [State.READY]: (draft, cluster) => {
    if (isFoundStopped(draft, cluster) || isUselessForEver(draft, cluster) || cluster.healthy) return;
    enter(draft, cluster, State.UNHEALTHY, 'it fails its probes');
    note(draft, cluster, Kind.BECAME_UNHEALTHY, cluster.reason);
  },
  [State.UNHEALTHY]: (draft, cluster, autoscaling) => {
    if (isFoundStopped(draft, cluster) || isUselessForEver(draft, cluster)) return;
    if (!isSettled(cluster, autoscaling, timestampFromMs(draft.now))) return;
    cluster.readySince = undefined;
    becomeReady(draft, cluster, 'it passes its probes again');
  },
  [State.DRAINING]: (draft, cluster) => {
    if (isFoundStopped(draft, cluster)) return;
    if (isProven(draft, cluster))
      stop(draft, cluster, 'it is drained: nothing remains on it, and nothing new is sent to it');
    else if (cluster.remaining.length > 0) cluster.idleSince = undefined;
    else cluster.idleSince ??= timestampFromMs(draft.now);
  },
  [State.TERMINATING]: (draft, cluster) => {
    if (hasStopped(draft, cluster)) enter(draft, cluster, State.STOPPED, cluster.reason);
    else if (!mayBeStopped(cluster) && cluster.healthy && cluster.observed === Said.RUNNING)
      change(draft, cluster, State.READY, 'it runs again, and is not sealed');
  },
};

/** Whether nothing is lost by stopping it: a drain was proven, an operator forces it, or it never was ready. */
export function mayBeStopped({ sealed, forceStop, failedUntil, running }: ClusterScaling): boolean {
  return sealed || forceStop || (failedUntil !== undefined && running === 0);
}

/** Nothing new is sent to it, all routers know that, and nothing remains. That is not known at the moment at which its drain begins. */
function isProven(draft: Draft, { sealed, remaining, since }: ClusterScaling): boolean {
  return sealed && remaining.length === 0 && (elapsed(draft, since) ?? 0) > 0;
}

/** Somebody else had it sealed: only a restart makes it take queries again. What ties it is known once it drains. */
function isUselessForEver(draft: Draft, cluster: ClusterScaling): boolean {
  if (!cluster.sealed || draft.paused) return false;
  enter(draft, cluster, State.DRAINING, 'nothing new is sent to it until it is started anew, as it was sealed before');
  note(draft, cluster, Kind.DRAIN_BEGUN, cluster.reason);
  return true;
}

function stop(draft: Draft, cluster: ClusterScaling, reason: string): void {
  enter(draft, cluster, State.TERMINATING, reason);
  note(draft, cluster, Kind.STOPPED, reason);
}

/** A cluster that nobody has looked at yet. */
function find(draft: Draft, cluster: ClusterScaling): void {
  const found = foundState(cluster);
  if (found === cluster.state) return;
  const reason = found === State.UNKNOWN ? 'its scaler does not say how it is' : 'found so';
  enter(draft, cluster, found, reason);
  cluster.toldAt = timestampFromMs(draft.now);
  // It was up before: no slow start.
  if (found === State.READY && cluster.healthySince) cluster.readySince = cluster.healthySince;
  keepTimesPast(draft, cluster);
}

function foundState({ observed, healthy }: ClusterScaling): State {
  switch (observed) {
    case Said.STOPPED:
      return State.STOPPED;
    case Said.STOPPING:
      return State.TERMINATING;
    case Said.RUNNING:
      return healthy ? State.READY : State.UNHEALTHY;
    case Said.STARTING:
      return healthy ? State.READY : State.STARTING;
    default:
      return healthy ? State.READY : State.UNKNOWN;
  }
}

/** A cluster that should be up, and that somebody else has stopped. */
function isFoundStopped(draft: Draft, cluster: ClusterScaling): boolean {
  if (cluster.observed !== Said.STOPPED && cluster.observed !== Said.STOPPING) return false;
  const isGone = cluster.observed === Said.STOPPED && !cluster.healthy;
  change(draft, cluster, isGone ? State.STOPPED : State.TERMINATING, 'it was stopped by hand');
  return true;
}

function change(draft: Draft, cluster: ClusterScaling, state: State, reason: string): void {
  enter(draft, cluster, state, reason);
  // Its scaler need not be told what somebody has done already.
  cluster.toldAt = timestampFromMs(draft.now);
  note(draft, cluster, Kind.FOUND_CHANGED, reason);
}

function becomeReady(draft: Draft, cluster: ClusterScaling, reason: string): void {
  enter(draft, cluster, State.READY, reason);
  note(draft, cluster, Kind.BECAME_READY, reason);
}

function failStart(draft: Draft, cluster: ClusterScaling): void {
  const timeout = draft.settings.startTimeoutMs;
  const why = cluster.scalerProblem || (cluster.healthy ? 'its warm-up has not ended' : 'it does not pass its probes');
  const reason = `its start takes longer than ${duration(timeout)}: ${why}`;
  // Somebody uses it all the same: it is left alone.
  enter(draft, cluster, cluster.running > 0 ? State.UNHEALTHY : State.TERMINATING, reason);
  cluster.failedUntil = timestampFromMs(draft.now + timeout);
  note(draft, cluster, Kind.START_FAILED, reason);
}
