import type {
  Backend,
  BackendOverride,
  BackendSchedule,
  BackendStatus,
  ClusterScaling,
  ConnectionReport,
  Group_Autoscaling,
} from '@trino-gateway/api/gateway';
import { type ConnectionState, connectionState } from './connections.ts';
import { type Phase, phaseAt } from './schedule-phase.ts';
import { epochMs } from './timestamps.ts';

/** What availability is computed from. Times are epoch milliseconds. */
export type BackendFacts = {
  backend: Backend;
  draining: boolean;
  /** The monitor's last finding; absent before the first probe. */
  status: BackendStatus | undefined;
  /** What the monitor read from its schedule, perhaps from an older one; absent when it never did. */
  schedule: BackendSchedule | undefined;
  /** As stored: the parts that have expired are still in it. */
  override: BackendOverride | undefined;
  /** Absent unless it is started and stopped by demand. */
  scaling?: ScalingFacts | undefined;
  /** A drain of its incarnation was proven. */
  sealed?: boolean;
  /** What routers told of their connections to it. */
  connections?: readonly ConnectionReport[] | undefined;
};

/** Autoscaling of one backend. */
export type ScalingFacts = {
  /** For whose demand. */
  groupId: string;
  autoscaling: Group_Autoscaling;
  /** Where it is; absent while nothing was recorded. */
  cluster: ClusterScaling | undefined;
};

/** The facts, and what of them holds at the time that is asked for. */
export type FactsInForce = BackendFacts & {
  /** By an operator. */
  markedHealthy: boolean | undefined;
  load: number | undefined;
  loadIsSet: boolean;
  phase: Phase | undefined;
  connection: ConnectionState;
};

export function factsAt(
  { backend, draining, status, schedule, override, scaling, sealed = false, connections = [] }: BackendFacts,
  now: number,
  loadMaxAgeMs: number,
): FactsInForce {
  const marked = override?.healthy !== undefined && epochMs(override.healthyUntil) > now;
  const loadIsSet = override?.clusterLoad !== undefined && epochMs(override.clusterLoadUntil) > now;
  const sampleIsFresh = status !== undefined && now - epochMs(status.observedAt) <= loadMaxAgeMs;
  return {
    backend,
    draining,
    status,
    schedule,
    override,
    scaling,
    sealed,
    connection: connectionState({ url: backend.url, reports: connections, status }, now),
    phase: phaseAt(backend, schedule, now),
    markedHealthy: marked ? override?.healthy : undefined,
    load: loadIsSet ? override?.clusterLoad : sampleIsFresh ? status?.clusterLoad : undefined,
    loadIsSet,
  };
}
