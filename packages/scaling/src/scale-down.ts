import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import {
  type ClusterScaling,
  ScalingEvent_Kind as Kind,
  ClusterScaling_State as State,
} from '@trino-gateway/api/gateway';
import { clustersIn, room, slotsOf, sum } from './capacity.ts';
import { count, type Draft, duration, elapsed, enter, note } from './draft.ts';

/** The rest of a group must have room for this much more than what runs, lest it is scaled up again at once. */
const RESERVE = 1.25;

/** Drains what is not needed any more. Answers what was done, or why nothing is. */
export function scaleDown(draft: Draft, min: number): string {
  const waits = whyNotYet(draft);
  const surplus = -room(draft);
  if (surplus > 0 && !waits) {
    const reason = `no more than ${count(draft.settings.maxClusters, 'cluster')} may be up`;
    for (const cluster of drainable(draft).slice(0, surplus)) drain(draft, cluster, reason);
    return reason;
  }
  if (draft.queued > 0) return count(draft.queued, 'query waits', 'queries wait');
  return waits || drainOne(draft, min);
}

function drainOne(draft: Draft, min: number): string {
  const ready = clustersIn(draft, State.READY);
  // One that has failed its probes for long carries nothing: the rest is what carries now.
  const unhealthy = clustersIn(draft, State.UNHEALTHY).findLast(
    ({ scalable, since }) => scalable && (elapsed(draft, since) ?? 0) >= draft.settings.coolDownMs,
  );
  const running = sum(ready, (cluster) => cluster.running);
  if (unhealthy && ready.length >= min) return drain(draft, unhealthy, 'it fails its probes, and is not needed');
  const [last] = drainable(draft);
  if (!last) return ready.length === 0 ? 'nothing waits' : 'nothing waits, and what is up has no scaler';
  if (ready.length <= min) return `nothing waits; at least ${count(min, 'cluster')} at this time`;
  if (ready.length === 1)
    return running > 0
      ? 'nothing waits; the last cluster is busy'
      : drain(draft, last, 'nothing runs and nothing waits');
  const slots = slotsOf(ready);
  if (running === 0) return drain(draft, last, 'nothing runs and nothing waits');
  if (slots === undefined) return `nothing waits; ${running} running, of an unknown number of slots`;
  const percent = (100 * running) / slots;
  const used = `nothing waits; ${running} of ${slots} slots are used (${Math.round(percent)} %)`;
  const most = draft.settings.scaleDownUtilizationPercent;
  if (percent > most) return `${used}, more than ${most} %`;
  if (running * RESERVE > slots - last.slots)
    return `${used}, but without ${last.backendId} there would be only ${slots - last.slots}`;
  return drain(draft, last, `${used}, at most ${most} %`);
}

/** Why nothing is drained now, or nothing. */
function whyNotYet(draft: Draft): string {
  const [coming] = clustersIn(draft, State.STARTING);
  if (coming) return `${coming.backendId} is on its way`;
  // One that drains and fails its probes may do so for long.
  const [leaving] = draft.clusters.filter(
    ({ scalable, state, healthy }) =>
      scalable && (state === State.TERMINATING || (state === State.DRAINING && healthy)),
  );
  if (leaving) return `${leaving.backendId} is on its way out`;
  const coolDownMs = draft.settings.coolDownMs - sinceLastChange(draft);
  return coolDownMs > 0 ? `nothing is drained for another ${duration(coolDownMs)} after the last change` : '';
}

/** A cluster that has become ready is a change, too: it should not leave as soon as it has come. */
function sinceLastChange(draft: Draft): number {
  const times = clustersIn(draft, State.READY).flatMap((cluster) => elapsed(draft, cluster.readySince) ?? []);
  const { lastChangeAt } = draft;
  return Math.min(...times, lastChangeAt === undefined ? Number.POSITIVE_INFINITY : draft.now - lastChangeAt);
}

/** In the order of stops: the last first. */
function drainable(draft: Draft): ClusterScaling[] {
  return clustersIn(draft, State.READY)
    .filter(({ scalable }) => scalable)
    .reverse();
}

function drain(draft: Draft, cluster: ClusterScaling, reason: string): string {
  enter(draft, cluster, State.DRAINING, reason);
  // What ties it is known from the next time on.
  if (cluster.running === 0) cluster.idleSince = timestampFromMs(draft.now);
  note(draft, cluster, Kind.DRAIN_BEGUN, reason);
  return `${reason}: ${cluster.backendId} is drained`;
}
