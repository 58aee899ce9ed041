import { type Timestamp, timestampMs } from '@bufbuild/protobuf/wkt';
import {
  type ClusterScaling,
  type Group_Autoscaling,
  Backend_Scaler_State as Said,
  ClusterScaling_State as State,
} from '@trino-gateway/api/gateway';
import { settingsOf } from './settings.ts';

/** Clocks of two machines differ by less; times that lie further ahead are from before a clock was set back. */
const MOST_SKEW_MS = 60_000;
/** Of a full share; nothing at all would leave a group without any share when all of its clusters are new. */
const LEAST_SHARE = 0.01;

/**
 * Whether a cluster that starts may take queries: it passes its probes, has done so for the time to settle, and its warm-up
 * statements ran. A seal is one of the incarnation before: the new one is not known yet.
 */
export function isReady(cluster: ClusterScaling, autoscaling: Group_Autoscaling | undefined, now: Timestamp): boolean {
  return isSettled(cluster, autoscaling, now) && (!settingsOf(autoscaling).warmsUp || cluster.warmedUpAt !== undefined);
}

/** Whether the warm-up statements of a cluster are to be run now; the monitor sets `warmed_up_at` once they have. */
export function awaitsWarmUp(
  cluster: ClusterScaling,
  autoscaling: Group_Autoscaling | undefined,
  now: Timestamp,
): boolean {
  return (
    cluster.state === State.STARTING &&
    settingsOf(autoscaling).warmsUp &&
    cluster.warmedUpAt === undefined &&
    isSettled(cluster, autoscaling, now)
  );
}

/** Whether a drained cluster has been idle for long enough: its seal is asked for now, and then it is stopped. */
export function awaitsSeal(
  cluster: ClusterScaling,
  autoscaling: Group_Autoscaling | undefined,
  now: Timestamp,
): boolean {
  const idle = cluster.idleSince && timestampMs(now) - timestampMs(cluster.idleSince);
  return (
    cluster.state === State.DRAINING &&
    !cluster.sealed &&
    cluster.remaining.length === 0 &&
    idle !== undefined &&
    idle >= settingsOf(autoscaling).drainIdleMs
  );
}

export function isSettled(
  cluster: ClusterScaling,
  autoscaling: Group_Autoscaling | undefined,
  now: Timestamp,
): boolean {
  if (!cluster.healthy || cluster.sealed) return false;
  if (cluster.scalable && (cluster.observed === Said.STOPPED || cluster.observed === Said.STOPPING)) return false;
  // Healthy without a time: an operator says so.
  if (!cluster.healthySince) return true;
  const healthyMs = timestampMs(now) - timestampMs(cluster.healthySince);
  return healthyMs >= settingsOf(autoscaling).settleMs || healthyMs < -MOST_SKEW_MS;
}

/**
 * The share of new queries of a cluster that became ready, from nearly nothing to 1: it grows evenly over the time of its slow
 * start. 1 where it is not known since when it is ready.
 */
export function shareOf(readySince: Timestamp | undefined, slowStartMs: number, now: Timestamp): number {
  if (!readySince || slowStartMs <= 0) return 1;
  const readyMs = timestampMs(now) - timestampMs(readySince);
  if (readyMs < -MOST_SKEW_MS) return 1;
  return Math.min(1, Math.max(LEAST_SHARE, readyMs / slowStartMs));
}
