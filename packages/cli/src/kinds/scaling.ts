import { type Timestamp, timestampDate, timestampMs } from '@bufbuild/protobuf/wkt';
import {
  ClusterScaling_State,
  ClusterScaling_StateSchema,
  ClusterScalingSchema,
  GroupScalingSchema,
  ScalingEvent_KindSchema,
  ScalingEventSchema,
} from '@trino-gateway/api/gateway';
import type { Printable } from '../output/print.ts';
import { shortDuration } from '../output/short-duration.ts';
import { yesNo } from './kind.ts';

/** How autoscaling of groups is listed. */
export const groupScalingKind: Printable<typeof GroupScalingSchema> = {
  schema: GroupScalingSchema,
  plural: 'groups',
  heads: ['GROUP', 'PAUSED', 'READY', 'WANTED', 'QUEUED', 'LONGEST WAIT', 'LEADER', 'REASON'],
  cells: ({ groupId, paused, pauseReason, clusters, wantedClusters, queued, longestWaitMs, leader, reason }) => [
    groupId,
    paused ? pauseReason || 'yes' : 'no',
    `${clusters.filter(({ state }) => state === ClusterScaling_State.READY).length} of ${clusters.length}`,
    String(wantedClusters),
    String(queued),
    queued === 0 ? '-' : shortDuration(longestWaitMs),
    leader || '-',
    reason || '-',
  ],
};

/** How the clusters of a group are listed. @param now of the answer */
export function clusterScalingKind(now: Timestamp | undefined): Printable<typeof ClusterScalingSchema> {
  const ago = (time: Timestamp | undefined) =>
    time && now ? shortDuration(timestampMs(now) - timestampMs(time)) : '-';
  return {
    schema: ClusterScalingSchema,
    plural: 'clusters',
    heads: ['CLUSTER', 'STATE', 'FOR', 'HEALTHY', 'RUNNING', 'SLOTS', 'SCALED', 'REASON'],
    cells: (cluster) => [
      cluster.backendId,
      `${ClusterScaling_StateSchema.value[cluster.state]?.name ?? cluster.state}${cluster.forceStop ? ', to be stopped by force' : ''}`,
      ago(cluster.since),
      yesNo(cluster.healthy),
      String(cluster.running),
      cluster.slots === 0 ? 'any' : String(cluster.slots),
      yesNo(cluster.scalable),
      [cluster.deactivatedReason || cluster.reason, cluster.scalerProblem].filter(Boolean).join('; ') || '-',
    ],
  };
}

/** How what autoscaling did, or would do, is listed. */
export const scalingEventKind: Printable<typeof ScalingEventSchema> = {
  schema: ScalingEventSchema,
  plural: 'events',
  heads: ['AT', 'GROUP', 'CLUSTER', 'EVENT', 'BY', 'REASON'],
  cells: ({ at, groupId, backendId, kind, by, reason }) => [
    at ? timestampDate(at).toISOString() : '-',
    groupId,
    backendId || '-',
    ScalingEvent_KindSchema.value[kind]?.name ?? String(kind),
    by || '-',
    reason || '-',
  ],
};
