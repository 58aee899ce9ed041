import {
  type Backend,
  type BackendStatus,
  BackendStatus_StateSchema,
  type ClusterScaling,
  ClusterScaling_StateSchema,
  ClusterScaling_State as State,
} from '@trino-gateway/api/gateway';
import type { FactsInForce } from './facts.ts';
import type { Phase } from './schedule-phase.ts';
import { epochMs, isoTime } from './timestamps.ts';

type Condition = {
  holds: (facts: FactsInForce) => boolean;
  whyNot: (facts: FactsInForce) => string;
  /** Nobody wanted it so: it may pass by itself at any moment. */
  isOutage?: (facts: FactsInForce) => boolean;
  /** In the words of a cluster or of the network, which may name addresses. */
  detail?: (facts: FactsInForce) => string | undefined;
};

/** Those that its administrator sets. */
export const administratorsConditions: readonly Condition[] = [
  { holds: ({ backend }) => backend.enabled !== false, whyNot: () => 'it is disabled' },
  { holds: ({ draining }) => !draining, whyNot: () => 'it is draining' },
  {
    holds: ({ phase }) => phase?.up !== false,
    whyNot: ({ backend, phase }) => outsideSchedule(backend, phase),
  },
];

/** Every condition of availability, with the sentence that says why not, and more for operators. */
export const conditions: readonly Condition[] = [
  ...administratorsConditions,
  {
    holds: ({ sealed }) => sealed !== true,
    whyNot: () => 'it is sealed: a drain was proven; a restart of its coordinator ends that',
  },
  {
    holds: ({ scaling }) => !isKeptOut(scaling?.cluster),
    whyNot: ({ scaling }) => keptOut(scaling?.cluster),
    isOutage: ({ scaling }) => scaling?.cluster?.state === State.UNHEALTHY,
    detail: ({ scaling }) => scaling?.cluster?.reason,
  },
  {
    holds: ({ status, markedHealthy }) => status !== undefined || markedHealthy !== undefined,
    whyNot: () => 'it was not probed yet',
    isOutage: () => true,
  },
  {
    holds: ({ status, markedHealthy }) => markedHealthy ?? status?.healthy ?? true,
    whyNot: ({ status, override, markedHealthy }) =>
      markedHealthy === false
        ? `an operator marked it unhealthy until ${isoTime(epochMs(override?.healthyUntil))}${reasonSuffix(override?.reason)}`
        : `it is not healthy (${stateName(status)})`,
    isOutage: ({ markedHealthy }) => markedHealthy === undefined,
    detail: ({ status, markedHealthy }) => (markedHealthy === false ? undefined : status?.reason),
  },
  {
    holds: ({ connection, markedHealthy }) => connection.kind !== 'failing' || markedHealthy === true,
    whyNot: () => 'routers cannot connect to it',
    isOutage: () => true,
    detail: ({ connection }) => (connection.kind === 'failing' ? connection.report.reason : undefined),
  },
  {
    holds: ({ backend, load }) => backend.loadThreshold === 0 || load === undefined || load <= backend.loadThreshold,
    whyNot: ({ backend, load }) => `its cluster load ${load} is above its threshold ${backend.loadThreshold}`,
  },
];

/**
 * The states in which autoscaling lets no new queries in. While it has not said anything of a cluster, does not know, or leaves it to
 * its administrator, health alone decides: nobody's absence takes a running group down.
 */
const KEPT_OUT: ReadonlySet<State> = new Set([
  State.STOPPED,
  State.STARTING,
  State.UNHEALTHY,
  State.DRAINING,
  State.TERMINATING,
]);

function isKeptOut(cluster: ClusterScaling | undefined): boolean {
  return cluster !== undefined && KEPT_OUT.has(cluster.state);
}

function keptOut(cluster: ClusterScaling | undefined): string {
  const since = cluster?.since ? ` since ${isoTime(epochMs(cluster.since))}` : '';
  return `autoscaling has it ${ClusterScaling_StateSchema.value[cluster?.state ?? 0]?.name}${since}`;
}

function outsideSchedule({ uptimeSchedule, timeZone }: Backend, phase: Phase | undefined): string {
  const until = phase && Number.isFinite(phase.until) ? `until ${isoTime(phase.until)}` : 'and no end of that is known';
  return `it is outside its uptime schedule "${uptimeSchedule}" (${timeZone || 'UTC'}) ${until}`;
}

function stateName(status: BackendStatus | undefined): string {
  return BackendStatus_StateSchema.value[status?.state ?? 0]?.name ?? 'unknown state';
}

/** The reason after a colon; empty when there is none. */
export function reasonSuffix(reason: string | undefined): string {
  return reason ? `: ${reason}` : '';
}
