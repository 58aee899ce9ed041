import { equals } from '@bufbuild/protobuf';
import { timestampMs } from '@bufbuild/protobuf/wkt';
import { type ClusterScaling, ClusterScalingSchema, type GroupScaling } from '@trino-gateway/api/gateway';

/** A time at which something was read, and a reason that counts seconds, are stored as often as this. */
const SMALL_CHANGES_MS = 5_000;
const READ_AGAIN_MS = 60_000;

/**
 * Whether a decision is to be stored: it changes something. What changes with each second is not worth a write each second, and of
 * clusters without a scaler nothing is stored.
 * @param stored the group as the gatewayserver shows it
 */
export function recordDue(stored: GroupScaling, decided: GroupScaling): boolean {
  const now = decided.now ? timestampMs(decided.now) : 0;
  if (decided.clusters.some((cluster, at) => cluster.scalable && differs(stored.clusters[at], cluster))) return true;
  const recordedMs = stored.decidedAt ? now - timestampMs(stored.decidedAt) : Number.POSITIVE_INFINITY;
  const isOld = recordedMs >= SMALL_CHANGES_MS || recordedMs < 0;
  if (stored.wantedClusters !== decided.wantedClusters) return true;
  return isOld && stored.reason !== decided.reason;
}

function differs(stored: ClusterScaling | undefined, decided: ClusterScaling): boolean {
  if (!stored) return true;
  const { observedAt } = decided;
  const readMs = observedAt && stored.observedAt ? timestampMs(observedAt) - timestampMs(stored.observedAt) : 0;
  if (Math.abs(readMs) >= READ_AGAIN_MS) return true;
  return !equals(ClusterScalingSchema, { ...stored, observedAt: undefined }, { ...decided, observedAt: undefined });
}
