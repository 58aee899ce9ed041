import { create, type MessageInitShape } from '@bufbuild/protobuf';
import { type Backend_ScalerSchema, type Group_Autoscaling, Group_AutoscalingSchema } from '@trino-gateway/api/gateway';
import type { Note, Remark } from '../imported/notes.ts';
import { readHumanDuration } from './human-duration.ts';
import { translateMinClusters } from './min-clusters.ts';
import { autoscaling, parsed, type TrinoLbConfiguration, type TrinoLbGroup } from './model.ts';

const KNOWN = [
  ...['upscaleQueuedQueriesThreshold', 'downscaleRunningQueriesPercentageThreshold'],
  ...['drainIdleDurationBeforeShutdown', 'minClusters'],
];

/** What is different for every group, told once. */
const DIFFERENCES = [
  'a start or stop is followed by cool_down_ms (5 minutes) without a drain; there was no such pause',
  'a start that takes longer than start_timeout_ms (10 minutes) has failed, and another cluster is taken; there it blocked all others',
  'several clusters are started at once where the queue justifies it; there it was one at a time',
  'a cluster is drained only where the others can carry what runs, and stopped only when nothing ties it',
  'max_clusters is not set: as there, all clusters of a group may be up',
];

type ScalerInit = MessageInitShape<typeof Backend_ScalerSchema>;

/** Who is started and stopped there: its clusters by their names. */
export type TrinoLbScalers = {
  /** Autoscaling does something: a group that asks for it without this is static. */
  readonly isActive: boolean;
  /** How this one is started and stopped; undefined with a remark when it is not. */
  of(cluster: string, isAutoscaled: boolean, remark: Remark): ScalerInit | undefined;
};

/** What its clusterAutoscaler is here. */
export function readScalers({ clusterAutoscaler }: TrinoLbConfiguration, notes: Note[]): TrinoLbScalers {
  const about = 'clusterAutoscaler';
  const clusters = clusterAutoscaler?.stackable?.clusters ?? {};
  if (clusterAutoscaler) {
    for (const key of Object.keys(clusterAutoscaler).filter((one) => !['reconcileInterval', 'stackable'].includes(one)))
      notes.push({ about, text: `its ${key} is not translated: it is not known here` });
    notes.push({ about, text: 'its reconcileInterval has no counterpart: what changes is seen within seconds' });
    for (const text of DIFFERENCES) notes.push({ about, text });
  }
  const taken = new Map<string, string>();
  return {
    isActive: Boolean(clusterAutoscaler),
    of: (cluster, isAutoscaled, remark) => {
      const found = Object.hasOwn(clusters, cluster) ? clusters[cluster] : undefined;
      if (found === undefined) {
        if (isAutoscaled)
          remark(
            'is in no stackable.clusters, which stopped trino-lb from starting: it has no scaler, and counts as it is',
          );
        return undefined;
      }
      if (!isAutoscaled) {
        remark('is not started or stopped, as there: its group has no autoscaling');
        return undefined;
      }
      const { name, namespace } = found;
      const target = `${namespace}/${name}`;
      const other = taken.get(target);
      if (other !== undefined) {
        remark(`gets no scaler: "${other}" has TrinoCluster ${target} already`);
        return undefined;
      }
      taken.set(target, cluster);
      return { kind: { case: 'stackable', value: { namespace, name } } };
    },
  };
}

/** Whether clusters of this group are started and stopped there. */
export function isAutoscaled(group: TrinoLbGroup, { isActive }: Pick<TrinoLbScalers, 'isActive'>): boolean {
  return isActive && hasAutoscaling(group);
}

function hasAutoscaling(group: TrinoLbGroup): boolean {
  return group.autoscaling !== undefined && group.autoscaling !== null;
}

/** The autoscaling of a group here; undefined when it has none, or a remark says why not. @throws UsageError */
export function translateAutoscaling(
  group: TrinoLbGroup & { id: string },
  clusters: number,
  scalers: Pick<TrinoLbScalers, 'isActive'>,
  remark: Remark,
): Group_Autoscaling | undefined {
  if (!hasAutoscaling(group)) return undefined;
  if (!scalers.isActive) {
    remark('its autoscaling did nothing there, without a clusterAutoscaler: left out, its clusters are always on');
    return undefined;
  }
  const before = parsed(autoscaling, `trinoClusterGroups.${group.id}.autoscaling`, group.autoscaling);
  for (const key of Object.keys(before).filter((one) => !KNOWN.includes(one)))
    remark(`its autoscaling.${key} is not translated: it is not known here`);
  const queued = before.upscaleQueuedQueriesThreshold;
  if (queued === 0)
    remark('its upscaleQueuedQueriesThreshold 0 started clusters without need: one waiting query is needed here');
  const percent = before.downscaleRunningQueriesPercentageThreshold;
  if (percent > 100) remark(`its downscaleRunningQueriesPercentageThreshold ${percent} is 100 here`);
  const idleMs = readHumanDuration(before.drainIdleDurationBeforeShutdown);
  if (idleMs === undefined) remark('its drainIdleDurationBeforeShutdown is not a duration: 60 s here');
  else if (idleMs === 0) remark('its drainIdleDurationBeforeShutdown 0 is 60 s here');
  return create(Group_AutoscalingSchema, {
    scaleUpQueued: queued,
    scaleDownUtilizationPercent: Math.min(percent, 100),
    drainIdleMs: idleMs ?? 0,
    minClusters: translateMinClusters(before.minClusters ?? [], clusters, remark),
  });
}
