import type {
  BackendOverride,
  BackendSchedule,
  BackendStatus,
  ConnectionReport,
  DiscoverySource,
  Group,
  GroupScaling,
  Incarnation,
  Policy,
  RoutingChain,
} from '@trino-gateway/api/gateway';
import type { StoredBackend } from '../storage/contract/configuration.ts';
import type { StoredDrain, StoredSeal } from '../storage/contract/drains.ts';
import type { Revisions } from '../storage/contract/revisions.ts';
import type { StoredCluster } from '../storage/contract/scaling.ts';
import type { Store } from '../storage/contract/store.ts';

/** All that decisions depend on and that is stored, as last read. */
export type Known = {
  backends: Map<string, StoredBackend>;
  groups: Map<string, Group>;
  policies: Map<string, Policy>;
  /** The version in force; undefined while none is stored. */
  routingChain: RoutingChain | undefined;
  /** What was discovered, in the order of its sources' names. */
  discovered: DiscoverySource[];
  statuses: Map<string, BackendStatus>;
  schedules: Map<string, BackendSchedule>;
  overrides: Map<string, BackendOverride>;
  /** What routers told of their connections, by backend id. */
  connections: Map<string, readonly ConnectionReport[]>;
  incarnations: Incarnation[];
  /** Where autoscaling has clusters, by backend id. */
  clusterScaling: Map<string, StoredCluster>;
  /** What was decided for groups, and which are paused. */
  groupScaling: Map<string, GroupScaling>;
  /** Backends of which somebody asks whether they are drained. */
  drains: StoredDrain[];
  /** Incarnations to which nothing new is sent, by their suffix. */
  seals: Map<string, StoredSeal>;
  /** The revision of drains and seals of which a decision knows, as it knows what was changed before. */
  drainsRevision: number;
};

/** A part of it that is read as a whole. */
export type Part = keyof Revisions;

/** Where it is stored. */
export type KnownStore = Pick<Store, 'revisions' | 'configuration' | 'conditions' | 'incarnations' | 'drains'>;

/** Before anything was read. */
export function nothingKnown(): Known {
  return {
    backends: new Map(),
    groups: new Map(),
    policies: new Map(),
    routingChain: undefined,
    discovered: [],
    statuses: new Map(),
    schedules: new Map(),
    overrides: new Map(),
    connections: new Map(),
    incarnations: [],
    clusterScaling: new Map(),
    groupScaling: new Map(),
    drains: [],
    seals: new Map(),
    drainsRevision: 0,
  };
}

/** Reads the parts whose stored revision is not the one that is in force here. @returns those parts */
export async function readStale(store: KnownStore, known: Known, inForce: Partial<Revisions>): Promise<Set<Part>> {
  const stored = await store.revisions.read();
  const stale = new Set((Object.keys(stored) as Part[]).filter((part) => stored[part] !== inForce[part]));
  const [configuration, conditions, incarnations, drains] = await Promise.all([
    stale.has('configuration') ? store.configuration.read() : undefined,
    stale.has('conditions') ? store.conditions.read() : undefined,
    stale.has('incarnations') ? store.incarnations.read() : undefined,
    stale.has('drains') ? store.drains.read() : undefined,
  ]);
  if (configuration) {
    known.backends = new Map(configuration.backends.map((stored) => [stored.backend.id, stored]));
    known.groups = new Map(configuration.groups.map((group) => [group.id, group]));
    known.policies = new Map(configuration.policies.map((policy) => [policy.id, policy]));
    known.routingChain = configuration.routingChain;
    known.discovered = configuration.discovered;
    inForce.configuration = configuration.revision;
  }
  if (conditions) {
    known.statuses = new Map(conditions.statuses.map((status) => [status.backendId, status]));
    known.schedules = new Map(conditions.schedules.map((schedule) => [schedule.backendId, schedule]));
    known.overrides = new Map(conditions.overrides);
    known.connections = Map.groupBy(conditions.connections, ({ backendId }) => backendId);
    const { clusters, groups } = conditions.scaling;
    known.clusterScaling = new Map(clusters.map((stored) => [stored.cluster.backendId, stored]));
    known.groupScaling = new Map(groups.map((group) => [group.groupId, group]));
    inForce.conditions = conditions.revision;
  }
  if (incarnations) {
    known.incarnations = incarnations.incarnations;
    inForce.incarnations = incarnations.revision;
  }
  if (drains) {
    known.drains = drains.drains;
    known.seals = new Map(drains.seals.map((seal) => [seal.suffix, seal]));
    inForce.drains = drains.revision;
  }
  // Not that of the drains, which were read later: with this one, all that was changed before is in force.
  known.drainsRevision = stored.drains;
  return stale;
}
