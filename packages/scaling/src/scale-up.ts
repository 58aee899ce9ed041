import { timestampMs } from '@bufbuild/protobuf/wkt';
import {
  type ClusterScaling,
  ScalingEvent_Kind as Kind,
  ClusterScaling_State as State,
} from '@trino-gateway/api/gateway';
import { clustersIn, freeSlots, room, serving, sum } from './capacity.ts';
import { count, type Draft, duration, elapsed, enter, note } from './draft.ts';

/** A cluster without a limit that has just become ready takes those who wait first: whom it leaves, it cannot take. */
const FIRST_TURN_MS = 10_000;

/** Takes clusters until the minimum of this time is met. Answers why it is not, or nothing. */
export function meetMinimum(draft: Draft, min: number): string {
  while (serving(draft).length < min) {
    const missing = takeOne(draft, `at least ${count(min, 'cluster')} at this time`);
    if (missing) return `at least ${count(min, 'cluster')} at this time, but ${missing}`;
  }
  return '';
}

/** Takes as many clusters as those who wait justify. Answers what was found, or nothing when nobody waits for a cluster. */
export function meetDemand(draft: Draft): string {
  if (draft.queued === 0) return '';
  const asks = demand(draft);
  if (!asks) return '';
  let waiting = uncovered(draft);
  do {
    const before = serving(draft);
    const missing = takeOne(draft, asks);
    if (missing) return `${asks}, but ${missing}`;
    const taken = serving(draft).filter((cluster) => !before.includes(cluster));
    waiting -= sum(taken, freeSlots);
  } while (waiting >= draft.settings.scaleUpQueued);
  return asks;
}

/** Those who wait and for whom there is no slot, neither free nor on its way. */
function uncovered(draft: Draft): number {
  const free = clustersIn(draft, State.READY).filter(
    ({ slots, since }) => slots > 0 || (elapsed(draft, since) ?? 0) < FIRST_TURN_MS,
  );
  return draft.queued - sum(free, freeSlots) - sum(clustersIn(draft, State.STARTING), freeSlots);
}

/** Why a further cluster is needed, or nothing. */
function demand(draft: Draft): string {
  const { scaleUpQueued, scaleUpWaitMs } = draft.settings;
  const waiting = count(draft.queued, 'query waits', 'queries wait');
  if (serving(draft).length === 0) return `${waiting}, and no cluster is up or on its way`;
  const left = uncovered(draft);
  if (left >= scaleUpQueued)
    return left === draft.queued ? waiting : `${waiting}, ${left} of them for no slot in sight`;
  const isLong = scaleUpWaitMs > 0 && draft.longestWaitMs >= scaleUpWaitMs;
  if (isLong && left > 0 && clustersIn(draft, State.STARTING).length === 0)
    return `${waiting}, the first for ${duration(draft.longestWaitMs)}`;
  return '';
}

/** One more cluster serves: one that drains, else one that is stopped. Answers why there is none, or nothing. */
function takeOne(draft: Draft, why: string): string {
  const draining = clustersIn(draft, State.DRAINING).find(({ sealed, healthy }) => healthy && !sealed);
  // One that drains as too many are up goes on to.
  if (draining && serving(draft).length < draft.settings.maxClusters) {
    enter(draft, draining, State.READY, why);
    note(draft, draining, Kind.UNDRAINED, why);
    return '';
  }
  if (room(draft) <= 0) return `no more than ${count(draft.settings.maxClusters, 'cluster')} may be up`;
  const stopped = startable(draft);
  if (!stopped) return 'no other cluster can be started';
  enter(draft, stopped, State.STARTING, why);
  note(draft, stopped, Kind.STARTED, why);
  return '';
}

/** The first in order that can be started; one whose scaler does not work only when there is no other. */
function startable(draft: Draft): ClusterScaling | undefined {
  const stopped = clustersIn(draft, State.STOPPED).filter(
    ({ scalable, failedUntil }) => scalable && (!failedUntil || timestampMs(failedUntil) <= draft.now),
  );
  return stopped.find(({ scalerProblem }) => scalerProblem === '') ?? stopped[0];
}
