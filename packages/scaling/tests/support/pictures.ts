import { create, type MessageInitShape } from '@bufbuild/protobuf';
import { timestampDate, timestampFromMs } from '@bufbuild/protobuf/wkt';
import {
  type ClusterScaling,
  ClusterScaling_StateSchema,
  ClusterScalingSchema,
  type Group_AutoscalingSchema,
  type GroupScaling,
  GroupScalingSchema,
  Backend_Scaler_State as Said,
  ScalingEvent_KindSchema,
  ClusterScaling_State as State,
} from '@trino-gateway/api/gateway';
import { decidedGroup, decideGroup, type GroupDecision } from '../../src/index.ts';

/** The noon from which all times are told, a Tuesday. */
export const NOON = Date.parse('2026-11-24T12:00:00Z');
export const noonPlus = (seconds: number) => timestampFromMs(NOON + seconds * 1_000);

type ClusterInit = MessageInitShape<typeof ClusterScalingSchema>;
type GroupInit = MessageInitShape<typeof GroupScalingSchema>;
type Asked = Omit<GroupInit, 'clusters' | '$typeName' | 'autoscaling'> & {
  autoscaling?: MessageInitShape<typeof Group_AutoscalingSchema>;
};

/** A cluster of 10 slots that is long settled in its state, as its scaler says, too. */
export function cluster(backendId: string, state: keyof typeof State, init: ClusterInit = {}): ClusterScaling {
  const isUp = state === 'READY' || state === 'DRAINING';
  const observed = {
    STATE_UNSPECIFIED: Said.STATE_UNSPECIFIED,
    UNKNOWN: Said.STATE_UNSPECIFIED,
    STOPPED: Said.STOPPED,
    STARTING: Said.STARTING,
    READY: Said.RUNNING,
    UNHEALTHY: Said.RUNNING,
    DRAINING: Said.RUNNING,
    TERMINATING: Said.STOPPING,
    DEACTIVATED: Said.RUNNING,
  }[state];
  return create(ClusterScalingSchema, {
    backendId,
    state: State[state],
    since: noonPlus(-3_600),
    observed,
    scalable: true,
    slots: 10,
    healthy: isUp,
    ...(isUp && { healthySince: noonPlus(-3_600), readySince: noonPlus(-3_600) }),
    ...(state === 'STARTING' && { since: noonPlus(-60), toldAt: noonPlus(-60) }),
    ...(state === 'TERMINATING' && { since: noonPlus(-20), toldAt: noonPlus(-20), sealed: true }),
    ...init,
  });
}

/** A group at noon that last changed an hour ago; scales down at 50 %. */
export function group(clusters: ClusterScaling[], { autoscaling, ...init }: Asked = {}): GroupScaling {
  const picture: GroupInit = { groupId: 'adhoc', now: noonPlus(0), lastChangeAt: noonPlus(-3_600), ...init };
  return create(GroupScalingSchema, {
    ...picture,
    clusters,
    autoscaling: { scaleDownUtilizationPercent: 50, ...autoscaling },
  });
}

/** A decision in short: states by cluster, what is told, what the history gets, and why. */
export function told({ clusters, actions, events, reason, wantedClusters }: GroupDecision) {
  return {
    states: clusters
      .map(({ backendId, state }) => `${backendId} ${ClusterScaling_StateSchema.value[state]?.name}`)
      .join(', '),
    told: actions.map(({ backendId, tell }) => `${tell} ${backendId}`).join(', '),
    events: events.map(({ backendId, kind }) => `${ScalingEvent_KindSchema.value[kind]?.name} ${backendId}`).join(', '),
    wanted: wantedClusters,
    reason,
  };
}

export const decide = (clusters: ClusterScaling[], init: Asked = {}) => told(decideGroup(group(clusters, init)));

/** The group as it is after a decision whose actions scalers took and carry out, `seconds` later. */
export function once(before: GroupScaling, seconds = 0): GroupScaling {
  const decision = decideGroup(before);
  const next = decidedGroup(before, decision);
  for (const { backendId, tell } of decision.actions) {
    const asked = next.clusters.find((one) => one.backendId === backendId);
    if (!asked) continue;
    asked.toldAt = before.now;
    asked.observed = tell === 'START' ? Said.STARTING : Said.STOPPING;
  }
  const now = before.now ? timestampDate(before.now).getTime() : NOON;
  next.now = timestampFromMs(now + seconds * 1_000);
  return next;
}
