import { clone } from '@bufbuild/protobuf';
import { timestampFromMs, timestampMs } from '@bufbuild/protobuf/wkt';
import { type ClusterScaling, type GroupScaling, GroupScalingSchema } from '@trino-gateway/api/gateway';

/** The clock of the database and a steady one, read together; milliseconds. */
export type ClockReading = { databaseMs: number; steadyMs: number };

/** What slow answers and the slewing of clocks explain. */
const NO_JUMP_MS = 10_000;

/** By how much the clock of the database was set forward (or back, when negative) between two readings; 0: it ran as clocks do. */
export function clockJump(before: ClockReading | undefined, after: ClockReading): number {
  if (!before) return 0;
  const jumpMs = after.databaseMs - before.databaseMs - (after.steadyMs - before.steadyMs);
  return Math.abs(jumpMs) < NO_JUMP_MS ? 0 : jumpMs;
}

/**
 * The group as it would be had the clock been so all along: what was measured goes on, so that a jump of the clock alone starts and
 * stops nothing. Windows of `min_clusters` go by the new clock.
 */
export function afterJump(group: GroupScaling, jumpMs: number): GroupScaling {
  if (jumpMs === 0) return group;
  const moved = <Time extends ClusterScaling['since']>(time: Time) =>
    time && timestampFromMs(timestampMs(time) + Math.round(jumpMs));
  const after = clone(GroupScalingSchema, group);
  after.lastChangeAt = moved(after.lastChangeAt);
  for (const cluster of after.clusters) {
    cluster.since = moved(cluster.since);
    cluster.readySince = moved(cluster.readySince);
    cluster.failedUntil = moved(cluster.failedUntil);
    cluster.idleSince = moved(cluster.idleSince);
    cluster.surplusSince = moved(cluster.surplusSince);
    cluster.toldAt = moved(cluster.toldAt);
    cluster.healthySince = moved(cluster.healthySince);
  }
  return after;
}
