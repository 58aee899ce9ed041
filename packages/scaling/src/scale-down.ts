import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import {
  type ClusterScaling,
  ScalingEvent_Kind as Kind,
  ClusterScaling_State as State,
} from '@trino-gateway/api/gateway';
import { clustersIn, serving, slotsOf, sum } from './capacity.ts';
import { count, type Draft, duration, elapsed, enter, note } from './draft.ts';

/** The rest of a group must have room for this much more than what runs, lest it is scaled up again at once. */
const RESERVE = 1.25;

/** Drains what is not needed any more. Answers what was done, or why nothing is. */
export function scaleDown(draft: Draft, min: number): string {
  const waits = whyNotYet(draft);
  const needed = whyNeeded(draft, min);
  // While one drains nobody knows yet whether another can go, too.
  noteSurplus(draft, needed === '' && clustersIn(draft, State.DRAINING).length === 0);
  // Those that drain go already.
  const surplus = serving(draft).length - draft.settings.maxClusters;
  if (surplus > 0 && !waits) {
    const reason = `no more than ${count(draft.settings.maxClusters, 'cluster')} may be up`;
    for (const cluster of drainable(draft).slice(0, surplus)) drain(draft, cluster, reason);
    return reason;
  }
  const idle = draft.queued === 0 && clustersIn(draft, State.READY).length >= min ? longUnhealthy(draft) : undefined;
  if (idle) return waits || drain(draft, idle, 'it fails its probes, and is not needed');
  return needed || waits || drainOne(draft);
}

/** From when on the last cluster could have been done without. */
function noteSurplus(draft: Draft, isSurplus: boolean): void {
  const [last] = drainable(draft);
  for (const cluster of draft.clusters) if (cluster !== last || !isSurplus) cluster.surplusSince = undefined;
  if (last && isSurplus) last.surplusSince ??= timestampFromMs(draft.now);
}

function drainOne(draft: Draft): string {
  const [last] = drainable(draft);
  if (!last) return 'nothing waits';
  const ready = clustersIn(draft, State.READY);
  const running = sum(ready, (cluster) => cluster.running);
  if (running === 0) return drain(draft, last, 'nothing runs and nothing waits');
  const used = usedOf(running, slotsOf(ready) ?? 0);
  const missingMs = draft.settings.coolDownMs - (elapsed(draft, last.surplusSince) ?? 0);
  if (missingMs > 0) return `${used}; ${last.backendId} is drained if that stays so for another ${duration(missingMs)}`;
  return drain(draft, last, `${used}, at most ${draft.settings.scaleDownUtilizationPercent} %`);
}

/** One that has failed its probes for long carries nothing: the rest is what carries now. */
function longUnhealthy(draft: Draft): ClusterScaling | undefined {
  return clustersIn(draft, State.UNHEALTHY).findLast(
    ({ scalable, since }) => scalable && (elapsed(draft, since) ?? 0) >= draft.settings.coolDownMs,
  );
}

/** Why the group needs all that is ready, or nothing. */
function whyNeeded(draft: Draft, min: number): string {
  if (draft.queued > 0) return count(draft.queued, 'query waits', 'queries wait');
  const ready = clustersIn(draft, State.READY);
  const [last] = drainable(draft);
  if (!last) return ready.length === 0 ? 'nothing waits' : 'nothing waits, and what is up has no scaler';
  if (ready.length <= min) return `nothing waits; at least ${count(min, 'cluster')} at this time`;
  const running = sum(ready, (cluster) => cluster.running);
  if (running === 0) return '';
  if (ready.length === 1) return 'nothing waits; the last cluster is busy';
  const slots = slotsOf(ready);
  if (slots === undefined) return `nothing waits; ${running} running, of an unknown number of slots`;
  const most = draft.settings.scaleDownUtilizationPercent;
  if ((100 * running) / slots > most) return `${usedOf(running, slots)}, more than ${most} %`;
  if (running * RESERVE > slots - last.slots)
    return `${usedOf(running, slots)}, but without ${last.backendId} there would be only ${slots - last.slots}`;
  return '';
}

function usedOf(running: number, slots: number): string {
  return `nothing waits; ${running} of ${slots} slots are used (${Math.round((100 * running) / slots)} %)`;
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
  for (const one of draft.clusters) one.surplusSince = undefined; // as long as it drains
  enter(draft, cluster, State.DRAINING, reason);
  // What ties it is known from the next time on.
  if (cluster.running === 0) cluster.idleSince = timestampFromMs(draft.now);
  note(draft, cluster, Kind.DRAIN_BEGUN, reason);
  return `${reason}: ${cluster.backendId} is drained`;
}
