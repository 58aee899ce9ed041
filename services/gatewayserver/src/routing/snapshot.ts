import type { AuthenticationCheck } from '@trino-gateway/api/authentication';
import {
  type Backend,
  type BackendOverride,
  type BackendSchedule,
  type BackendStatus,
  type ClusterScaling,
  type ConnectionReport,
  type Group_Affinity,
  Group_Queue_WhenUnavailable,
  type Group_Strategy,
} from '@trino-gateway/api/gateway';
import type { BackendFacts, ScalingFacts } from './availability/facts.ts';
import { createPools, type Pool } from './availability/pool.ts';
import { whatIsComing } from './availability/scaling.ts';
import { isSealed, type Seals } from './availability/sealed.ts';
import type { IndexedConfiguration } from './indexed-configuration.ts';
import type { Permissions } from './permissions.ts';
import type { PolicyIndex } from './policies/policy-index.ts';

/** What is known about the backends, by backend id. */
export type RoutingConditions = {
  statuses: ReadonlyMap<string, BackendStatus>;
  schedules: ReadonlyMap<string, BackendSchedule>;
  overrides: ReadonlyMap<string, BackendOverride>;
  /** Where autoscaling has backends, and for which group that was decided. */
  clusterScaling: ReadonlyMap<string, { groupId: string; cluster: ClusterScaling }>;
  /** By group id. */
  groupScaling: ReadonlyMap<string, { paused: boolean }>;
  seals?: Seals;
  /** What routers told of connections. */
  connections?: ReadonlyMap<string, readonly ConnectionReport[]>;
};

/** An enabled group as a decision looks at it. */
export type SnapshotGroup = {
  id: string;
  strategy: Group_Strategy;
  /** In the order of their ids. */
  backendIds: readonly string[];
  /** What the strategy AFFINITY goes by; absent: the user. */
  affinity: Group_Affinity | undefined;
  /** Queries wait while none of its backends is available. */
  queuesWhenUnavailable: boolean;
  /** How long newcomers wait while none of its backends is available, before they are refused; absent: as for all groups. */
  outageWaitMs: number | undefined;
};

/** What one decision looks at, read together. */
export type Snapshot = {
  policies: PolicyIndex;
  authentication: AuthenticationCheck;
  /** Undefined when there is no such group, or it is disabled. */
  group(id: string): SnapshotGroup | undefined;
  /** Where the queries of a group go on to, whether it is enabled or not. */
  spillOver(groupId: string): { groupId: string; afterMs: number } | undefined;
  /** The end of a sentence that says why `group` is undefined; undefined when it is not. */
  whyNoGroup(id: string): string | undefined;
  whyNotAllowed: Permissions;
  /** The first enabled group, by id, that holds this backend; undefined when there is none. */
  groupOfBackend(id: string): string | undefined;
  /** Undefined when there is no such backend. */
  facts(backendId: string): BackendFacts | undefined;
  /** The available members of a group at this time; empty when there is no such group. */
  pool(groupId: string, now: number): Pool;
  /**
   * Which cluster of a group autoscaling starts, or that it would start one for whoever waits, as a part of a sentence; undefined
   * where none is to be expected.
   */
  coming(groupId: string, now: number): string | undefined;
  /** The same as they are configured. */
  available(groupId: string, now: number): readonly Backend[];
  loadMaxAgeMs: number;
};

const NO_SEALS: Seals = new Map();

/** Joins a configuration with what is known about its backends. */
export function createSnapshot(
  configuration: IndexedConfiguration,
  { statuses, schedules, overrides, clusterScaling, groupScaling, seals = NO_SEALS, connections }: RoutingConditions,
  loadMaxAgeMs: number,
): Snapshot {
  const { backends, groups, members, hashes, policyIndex, authentication, permissions } = configuration;
  const scaling = (id: string): ScalingFacts | undefined => {
    const scaledBy = configuration.scaledBy.get(id);
    if (!scaledBy) return undefined;
    const stored = clusterScaling.get(id);
    // What was decided for another group, which it has left, does not count.
    return { ...scaledBy, cluster: stored?.groupId === scaledBy.groupId ? stored.cluster : undefined };
  };
  const facts = (id: string): BackendFacts | undefined => {
    const found = backends.get(id);
    if (!found) return undefined;
    const { backend, draining } = found;
    const status = statuses.get(id);
    return {
      backend,
      draining,
      sealed: isSealed(seals, backend, status),
      status,
      schedule: schedules.get(id),
      override: overrides.get(id),
      scaling: scaling(id),
      connections: connections?.get(id),
    };
  };
  const factsOf = function* (ids: Iterable<string>) {
    for (const id of ids) {
      const found = facts(id);
      if (found) yield found;
    }
  };
  const pool = createPools(function* (groupId) {
    for (const found of factsOf(members.get(groupId) ?? []))
      yield { facts: found, hash: hashes.get(found.backend.id) ?? 0 };
  }, loadMaxAgeMs);
  return {
    policies: policyIndex,
    authentication,
    group: (id) => {
      const group = groups.get(id);
      if (!group || group.enabled === false) return undefined;
      return {
        id,
        strategy: group.strategy,
        affinity: group.affinity,
        backendIds: members.get(id) ?? [],
        queuesWhenUnavailable: group.queue?.whenUnavailable === Group_Queue_WhenUnavailable.QUEUE,
        outageWaitMs: group.queue?.outageWaitMs,
      };
    },
    spillOver: (id) => {
      const { spillOverGroupId = '', spillOverAfterMs = 0 } = groups.get(id) ?? {};
      return spillOverGroupId === '' ? undefined : { groupId: spillOverGroupId, afterMs: spillOverAfterMs };
    },
    whyNoGroup: (id) => {
      const group = groups.get(id);
      return group ? (group.enabled === false ? 'is disabled' : undefined) : 'does not exist';
    },
    whyNotAllowed: permissions,
    groupOfBackend: (id) => configuration.groupOfBackend.get(id),
    facts,
    pool,
    coming: (groupId, now) => {
      const { autoscaling, backendIds = [], enabled } = groups.get(groupId) ?? {};
      if (!autoscaling || enabled === false) return undefined;
      return whatIsComing(factsOf(backendIds), groupScaling.get(groupId)?.paused === true, now);
    },
    available: (groupId, now) =>
      pool(groupId, now).flatMap(({ id }) => {
        const found = backends.get(id);
        return found ? [found.backend] : [];
      }),
    loadMaxAgeMs,
  };
}
