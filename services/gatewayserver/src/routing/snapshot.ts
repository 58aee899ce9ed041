import {
  type AuthenticationCheck,
  authenticationCheck,
  type DelegatedAuthentication,
} from '@trino-gateway/api/authentication';
import {
  type Backend,
  type BackendOverride,
  type BackendSchedule,
  type BackendStatus,
  type Group,
  Group_Queue_WhenUnavailable,
  type Group_Strategy,
  type Policy,
} from '@trino-gateway/api/gateway';
import { assess, type BackendFacts } from './availability.ts';
import { delegatedAuthentication } from './delegated-authentication.ts';
import { indexPolicies, type PolicyIndex } from './steps/policies/policy-index.ts';
import { epochMs } from './timestamps.ts';

/** Everything an administrator decides. */
export type RoutingConfiguration = {
  backends: ReadonlyMap<string, { backend: Backend; draining: boolean }>;
  groups: ReadonlyMap<string, Group>;
  policies: ReadonlyMap<string, Policy>;
};

/** What is known about the backends, by backend id. */
export type RoutingConditions = {
  statuses: ReadonlyMap<string, BackendStatus>;
  schedules: ReadonlyMap<string, BackendSchedule>;
  overrides: ReadonlyMap<string, BackendOverride>;
};

/** One available backend of a group. */
export type PoolMember = {
  id: string;
  /** At least 1. */
  weight: number;
  /** 32 bits drawn from the id. */
  hash: number;
  /** Undefined when unknown or too old. */
  load: number | undefined;
  /** True when an operator set the load: it then counts as it is. */
  loadIsSet: boolean;
  /** When the load was sampled, epoch milliseconds. */
  loadSampledAt: number;
};

/** The available backends of a group, in the order of their ids. */
export type Pool = readonly PoolMember[];

/** An enabled group as a decision looks at it. */
export type SnapshotGroup = {
  id: string;
  strategy: Group_Strategy;
  /** In the order of their ids. */
  backendIds: readonly string[];
  /** Queries wait while none of its backends is available. */
  queuesWhenUnavailable: boolean;
};

/** What one decision looks at, read together. */
export type Snapshot = {
  policies: PolicyIndex;
  authentication: AuthenticationCheck;
  group(id: string): SnapshotGroup | undefined;
  /** Undefined when there is no such backend. */
  facts(backendId: string): BackendFacts | undefined;
  /** The available members of a group at this moment; empty when there is no such group. */
  pool(groupId: string, now: number): Pool;
  loadMaxAgeMs: number;
};

/** The part of a snapshot that only a change of the configuration changes. */
export type IndexedConfiguration = RoutingConfiguration & {
  policyIndex: PolicyIndex;
  /** What routers are told. */
  delegated: DelegatedAuthentication;
  authentication: AuthenticationCheck;
  members: ReadonlyMap<string, readonly string[]>;
  hashes: ReadonlyMap<string, number>;
};

/** Arranges a configuration for lookups. */
export function indexConfiguration(configuration: RoutingConfiguration): IndexedConfiguration {
  const delegated = delegatedAuthentication(configuration);
  return {
    ...configuration,
    delegated,
    authentication: authenticationCheck(delegated),
    policyIndex: indexPolicies([...configuration.policies.values()], configuration.groups),
    members: new Map(configuration.groups.values().map(({ id, backendIds }) => [id, backendIds.toSorted()])),
    hashes: new Map(configuration.backends.keys().map((id) => [id, hashOf(id)])),
  };
}

/**
 * Joins a configuration with what is known about its backends. A group's pool is computed when first asked for and kept
 * until the passing of time alone may change it.
 */
export function createSnapshot(
  configuration: IndexedConfiguration,
  conditions: RoutingConditions,
  loadMaxAgeMs: number,
): Snapshot {
  const kept = new Map<string, { pool: Pool; from: number; until: number }>();
  const facts = (id: string): BackendFacts | undefined => {
    const found = configuration.backends.get(id);
    if (!found) return undefined;
    const { backend, draining } = found;
    return {
      backend,
      draining,
      status: conditions.statuses.get(id),
      schedule: conditions.schedules.get(id),
      override: conditions.overrides.get(id),
    };
  };
  const computePool = (groupId: string, now: number) => {
    let until = Number.POSITIVE_INFINITY;
    const pool: PoolMember[] = [];
    for (const id of configuration.members.get(groupId) ?? []) {
      const found = facts(id);
      if (!found) continue;
      const assessment = assess(found, now, loadMaxAgeMs);
      until = Math.min(until, assessment.until);
      if (!assessment.available) continue;
      const { backend, status } = found;
      pool.push({
        id,
        weight: backend.weight || 1,
        hash: configuration.hashes.get(id) ?? 0,
        load: assessment.load,
        loadIsSet: assessment.loadIsSet,
        loadSampledAt: epochMs(status?.observedAt),
      });
    }
    return { pool, from: now, until };
  };
  return {
    policies: configuration.policyIndex,
    authentication: configuration.authentication,
    group: (id) => {
      const group = configuration.groups.get(id);
      return group && group.enabled !== false
        ? {
            id,
            strategy: group.strategy,
            backendIds: configuration.members.get(id) ?? [],
            queuesWhenUnavailable: group.queue?.whenUnavailable === Group_Queue_WhenUnavailable.QUEUE,
          }
        : undefined;
    },
    facts,
    pool: (groupId, now) => {
      const found = kept.get(groupId);
      if (found && found.from <= now && now < found.until) return found.pool;
      const computed = computePool(groupId, now);
      kept.set(groupId, computed);
      return computed.pool;
    },
    loadMaxAgeMs,
  };
}

/** 32 well mixed bits of a text (FNV-1a with a finishing mix): the same on every replica. */
export function hashOf(text: string): number {
  let hash = 0x811c9dc5;
  for (let at = 0; at < text.length; at++) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
  return mixed(hash);
}

/** Spreads the bits of a 32-bit number over all of them. */
export function mixed(value: number): number {
  let bits = value;
  bits = Math.imul(bits ^ (bits >>> 16), 0x85ebca6b);
  bits = Math.imul(bits ^ (bits >>> 13), 0xc2b2ae35);
  return (bits ^ (bits >>> 16)) >>> 0;
}
