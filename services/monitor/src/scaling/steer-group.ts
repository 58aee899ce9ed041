import { clone, create } from '@bufbuild/protobuf';
import { timestampMs } from '@bufbuild/protobuf/wkt';
import type { Client } from '@connectrpc/connect';
import {
  type Backend,
  type BackendService,
  type ClusterScaling,
  type GroupScaling,
  GroupScalingSchema,
  type ScalingEvent,
  ScalingEventSchema,
  ClusterScaling_State as State,
} from '@trino-gateway/api/gateway';
import { describeError, type Logger } from '@trino-gateway/runtime';
import {
  afterJump,
  awaitsSeal,
  awaitsWarmUp,
  decidedGroup,
  decideGroup,
  type GroupDecision,
  type ScalerAction,
} from '@trino-gateway/scaling';
import type { ClusterConnections } from '../clusters/cluster-connections.ts';
import type { Scalers } from './calls/call-scaler.ts';
import type { Errands } from './calls/errands.ts';
import type { Readings } from './calls/readings.ts';
import { warmUp } from './calls/warm-up.ts';
import { completedGroup, tellingKey, warmUpKey } from './completed-group.ts';
import type { Lead } from './lead.ts';
import { logEvents } from './log-events.ts';
import { recordDue } from './record-due.ts';
import type { ScalingMetrics } from './scaling-metrics.ts';

/** What steering groups needs. */
export type Steering = {
  lead: Pick<Lead, 'holds' | 'record'>;
  drains: Pick<Client<typeof BackendService>, 'getDrainStatus'>;
  scalers: Pick<Scalers, 'tell'>;
  readings: Readings;
  tellings: Errands;
  warmUps: Errands;
  connections: Pick<ClusterConnections, 'of' | 'withToken'>;
  /** As the monitor knows it; undefined while its list does not have it yet. */
  backendOf: (backendId: string) => Backend | undefined;
  metrics: Pick<ScalingMetrics, 'decided'>;
  logger: Logger;
  now: () => number;
};

const MOVING: ReadonlySet<State> = new Set([State.UNKNOWN, State.STARTING, State.TERMINATING]);
/** As long as a start without a limit of its own may take. */
const LONGEST_START_MS = 600_000;
const LEAST_WARM_UP_MS = 1_000;
/** For the routers to take note of a seal. */
const SEAL_WAIT_MS = 2_000;

/**
 * Looks once at a group: completes its picture, decides, stores the decision, and only then has scalers told in the background, while
 * this monitor surely leads. What is stored and then not carried out is decided again the next time.
 * @param jumpMs by how much the clock of the database was set forward since the last look
 * @returns the clusters as they were decided; undefined when the decision could not be stored
 */
export async function steerGroup(
  picture: GroupScaling,
  jumpMs: number,
  steering: Steering,
  signal: AbortSignal,
): Promise<readonly ClusterScaling[] | undefined> {
  const group = completedGroup(afterJump(picture, jumpMs), steering);
  const decision = await decideWithSeals(group, steering, signal);
  const decided = decidedGroup(group, decision);
  refreshReadings(decided, steering);
  const actions = decision.actions.filter(({ backendId }) => steering.readings.of(backendId));
  if (actions.length > 0 || decision.events.length > 0 || recordDue(picture, decided)) {
    const events = eventsOf(group, decision);
    if (!(await steering.lead.record(decided, events, signal))) return undefined;
    steering.metrics.decided(events);
    logEvents(events, steering.logger);
  }
  for (const action of actions) tell(action, decided, steering, signal);
  for (const cluster of decided.clusters) warm(cluster, decided, steering, signal);
  return decided.clusters;
}

/** Where a drained cluster may be stopped next, its seal comes before the decision. */
async function decideWithSeals(group: GroupScaling, steering: Steering, signal: AbortSignal): Promise<GroupDecision> {
  const first = decideGroup(group);
  const idle = first.clusters.filter((cluster) => group.now && awaitsSeal(cluster, group.autoscaling, group.now));
  if (idle.length === 0) return first;
  const sealed = clone(GroupScalingSchema, group);
  await Promise.all(
    sealed.clusters
      .filter(({ backendId }) => idle.some((cluster) => cluster.backendId === backendId))
      .map((cluster) => seal(cluster, steering, signal)),
  );
  return decideGroup(sealed);
}

/** Asks whether the drain is proven: when it is, nothing new is sent to this incarnation from now on. */
async function seal(cluster: ClusterScaling, { drains, logger }: Steering, signal: AbortSignal): Promise<void> {
  const { backendId: id } = cluster;
  try {
    const status = await drains.getDrainStatus({ id, waitMs: SEAL_WAIT_MS }, { signal });
    cluster.sealed = status.drained;
    cluster.remaining = status.remaining;
  } catch (error) {
    logger.debug('whether a cluster is drained cannot be found out', { backend: id, error: describeError(error) });
  }
}

function refreshReadings({ clusters }: GroupScaling, { readings, backendOf }: Steering): void {
  for (const { backendId, scalable, state, healthy } of clusters) {
    const backend = scalable ? backendOf(backendId) : undefined;
    if (backend?.scaler) readings.refresh(backend, { isMoving: MOVING.has(state), healthy });
  }
}

function eventsOf(group: GroupScaling, { events }: GroupDecision): ScalingEvent[] {
  const { groupId, now: at } = group;
  return events.map((event) => create(ScalingEventSchema, { ...event, groupId, ...(at && { at }) }));
}

function tell(action: ScalerAction, decided: GroupScaling, steering: Steering, signal: AbortSignal): void {
  const { backendId } = action;
  const cluster = decided.clusters.find((one) => one.backendId === backendId);
  const backend = steering.backendOf(backendId);
  if (!cluster || !backend) return;
  steering.tellings.run(backendId, tellingKey(cluster), async (stopped) => {
    signal.throwIfAborted();
    if (!steering.lead.holds()) throw new Error('another monitor leads by now');
    await steering.scalers.tell(backend, action.tell, stopped);
  });
}

function warm(cluster: ClusterScaling, decided: GroupScaling, steering: Steering, stopped: AbortSignal): void {
  const { autoscaling, now } = decided;
  const backend = steering.backendOf(cluster.backendId);
  if (!backend || !now || !awaitsWarmUp(cluster, autoscaling, now)) return;
  const startedMs = cluster.since ? timestampMs(now) - timestampMs(cluster.since) : 0;
  const timeLimitMs = Math.max(LEAST_WARM_UP_MS, (autoscaling?.startTimeoutMs || LONGEST_START_MS) - startedMs);
  steering.warmUps.run(backend.id, warmUpKey(cluster), (ended) => {
    const signal = AbortSignal.any([ended, stopped]);
    return warmUp(backend, autoscaling?.warmUpStatements ?? [], steering.connections, { timeLimitMs, signal });
  });
}
