import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import { Code, ConnectError } from '@connectrpc/connect';
import {
  Backend_Scaler_StateSchema,
  type ClusterScaling,
  ClusterScaling_StateSchema,
  type GroupScaling,
  type RecordScalingRequest,
  type ScalingEvent,
  ScalingEvent_KindSchema,
} from '@trino-gateway/api/gateway';
import type { Known } from '../../../configuration/known.ts';
import { checkedId, checkedNumber, invalid } from '../../../configuration/validation.ts';
import type { ScalingContext } from './scaling-context.ts';

const MOST_CLUSTERS = 10_000;
const MOST_EVENTS = 1_000;
const TEXT_LENGTH = 1_000;

/** Stores what the leader decided and did. */
export async function recordScaling(context: ScalingContext, request: RecordScalingRequest) {
  const { store, configuration } = context;
  const { monitorId, fence } = request;
  checkedId(monitorId, 'monitor_id');
  const decision = checkedDecision(request.group);
  const events = checkedEvents(request, decision, context.now());
  const recorded = await store.scaling.record({ holder: monitorId, fence: Number(fence) }, decision, events);
  if (!recorded)
    throw new ConnectError('another monitor leads autoscaling by now: nothing was stored', Code.FailedPrecondition);
  context.onScalingEvents(recorded);
  configuration.applyWrite('conditions', (known) => applyDecision(known, decision));
  return {};
}

/** As far as it is known here; what an operator said meanwhile is read with the next refresh. */
function applyDecision({ groups, clusterScaling, groupScaling }: Known, decision: GroupScaling): void {
  const { groupId } = decision;
  const group = groups.get(groupId);
  if (!group?.autoscaling) return;
  for (const cluster of decision.clusters)
    if (group.backendIds.includes(cluster.backendId)) clusterScaling.set(cluster.backendId, { groupId, cluster });
  const { paused = false, pauseReason = '' } = groupScaling.get(groupId) ?? {};
  groupScaling.set(groupId, { ...decision, clusters: [], paused, pauseReason });
}

function checkedDecision(group: GroupScaling | undefined): GroupScaling {
  if (!group) throw invalid('group', 'expected an object, got nothing');
  checkedId(group.groupId, 'group.group_id');
  checkedNumber('group.wanted_clusters', group.wantedClusters, 0, MOST_CLUSTERS);
  if (group.clusters.length > MOST_CLUSTERS)
    throw invalid('group.clusters', `expected up to ${MOST_CLUSTERS} clusters, got ${group.clusters.length}`);
  return { ...group, reason: group.reason.slice(0, TEXT_LENGTH), clusters: group.clusters.map(checkedCluster) };
}

function checkedCluster(cluster: ClusterScaling): ClusterScaling {
  const { backendId, state, observed, reason, scalerProblem } = cluster;
  checkedId(backendId, 'group.clusters.backend_id');
  if (!ClusterScaling_StateSchema.value[state])
    throw invalid('group.clusters.state', `expected a known value, got ${state}`);
  if (!Backend_Scaler_StateSchema.value[observed])
    throw invalid('group.clusters.observed', `expected a known value, got ${observed}`);
  return {
    ...cluster,
    reason: reason.slice(0, TEXT_LENGTH),
    scalerProblem: scalerProblem.slice(0, TEXT_LENGTH),
  };
}

/** Of an event without a time the decision's counts: by it a repeated call is recognised. */
function checkedEvents(request: RecordScalingRequest, decision: GroupScaling, now: number): ScalingEvent[] {
  const { events, monitorId } = request;
  if (events.length > MOST_EVENTS) throw invalid('events', `expected up to ${MOST_EVENTS}, got ${events.length}`);
  return events.map((event) => {
    const { at, groupId, backendId, kind, by, reason } = event;
    if (!kind || !ScalingEvent_KindSchema.value[kind])
      throw invalid('events.kind', `expected a known value, got ${kind}`);
    if (backendId !== '') checkedId(backendId, 'events.backend_id');
    if (groupId !== '' && groupId !== decision.groupId)
      throw invalid('events.group_id', `expected "${decision.groupId}", got "${groupId.slice(0, 128)}"`);
    return {
      ...event,
      at: at ?? decision.decidedAt ?? timestampFromMs(now),
      groupId: decision.groupId,
      by: by === '' ? monitorId : checkedId(by, 'events.by'),
      reason: reason.slice(0, TEXT_LENGTH),
    };
  });
}
