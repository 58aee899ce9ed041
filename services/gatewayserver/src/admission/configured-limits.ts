import { timestampMs } from '@bufbuild/protobuf/wkt';
import { type Group, Group_Queue_WhenUnavailable } from '@trino-gateway/api/gateway';
import type { ConfigurationCache } from '../configuration/configuration-cache.ts';
import { isCounted } from '../configuration/limited-backends.ts';
import { assess, isBeingTried } from '../routing/availability/availability.ts';
import type { Snapshot } from '../routing/snapshot.ts';
import { hashOf } from '../routing/strategies/hash.ts';
import { choose } from '../routing/strategies/registry.ts';
import type { LiveView } from '../routing/strategies/strategy.ts';
import { whyNoBackend } from '../routing/why-no-backend.ts';
import {
  type ChosenFor,
  type GroupLimits,
  isLimited,
  type Limits,
  type OwnLimits,
  type QueueBounds,
} from './limits/limits.ts';

/** The limits of what is configured now. */
export type ConfiguredLimits = Limits & {
  /** Whether anything limits what runs in this group; false when there is no such group. */
  bounds(groupId: string): boolean;
  /** What `choose` would answer now; moves no cursor. */
  wouldChoose: Limits['choose'];
};

type Options = {
  configuration: Pick<ConfigurationCache, 'known' | 'snapshot'>;
  live: LiveView & {
    /** When a query was last started on a backend, epoch milliseconds; 0 without any. */
    lastStartedAt(backendId: string): number;
  };
  queues: QueueBounds;
  /** How long newcomers of groups without a time of their own wait in an outage. */
  outageWaitMs: () => number;
  /** Round robin: how many choices were made in each group. */
  cursors: Map<string, number>;
  now: () => number;
  /** From 0 up to but not 1. */
  chance: () => number;
};

/** Reads the configuration once for each of its versions, and availability until time may have changed it. */
export function configuredLimits(options: Options): ConfiguredLimits {
  const { configuration, queues, now } = options;
  const present = createCaches(configuration);
  const backend = (id: string) => configuration.known.backends.get(id)?.backend;
  const maxOnBackend = (id: string) => (backend(id)?.observeLimit ? 0 : (backend(id)?.maxRunningQueries ?? 0));
  const observedMaxOnBackend = (id: string) => (backend(id)?.observeLimit ? (backend(id)?.maxRunningQueries ?? 0) : 0);
  const group = (id: string) => {
    const { groups } = present();
    if (groups.has(id)) return groups.get(id);
    const known = configuration.known.groups.get(id);
    const limits = known && limitsOf(known, isCounted(known, configuration.known));
    groups.set(id, limits);
    return limits;
  };
  return {
    queues,
    isKnown: (id) => configuration.known.backends.has(id),
    maxOnBackend,
    observedMaxOnBackend,
    outageWaitMs: (id) => present().snapshot.group(id)?.outageWaitMs ?? options.outageWaitMs(),
    whyNoBackend: (id) => {
      const { snapshot } = present();
      const failing = new Set(snapshot.pool(id, now()).map((member) => member.id));
      const around = { now: now(), chance: 0, cursor: () => 0, live: options.live, excluded: failing };
      return whyNoBackend(id, snapshot, around, failing).forClients;
    },
    whyNotAllowed: (id, { user, source }) => {
      const why = present().snapshot.whyNotAllowed(id, { user, source: () => source });
      return why?.observed ? undefined : why?.text;
    },
    externalOn: (id) => {
      const status = configuration.known.statuses.get(id);
      if (!status?.foreignRunning || !status.observedAt) return 0;
      const isRecent = now() - timestampMs(status.observedAt) <= present().snapshot.loadMaxAgeMs;
      return isRecent ? status.foreignRunning : 0;
    },
    coordinatorOf: (id) => configuration.known.statuses.get(id)?.coordinatorId ?? '',
    group,
    bounds: (id) => {
      const limits = group(id);
      if (!limits) return false;
      const { bounded } = present();
      const bound = bounded.get(id) ?? isLimited({ maxOnBackend, observedMaxOnBackend }, limits);
      bounded.set(id, bound);
      return bound;
    },
    coming: (id) => configuration.snapshot().coming(id, now()),
    isAvailable: (id) => {
      const facts = present().snapshot.facts(id);
      const isTried = facts !== undefined && isBeingTried(facts, options.live.lastStartedAt(id), now());
      return !isTried && isAvailable(present(), id, now());
    },
    isHalfOpen: (id) => {
      const facts = present().snapshot.facts(id);
      return facts?.connections?.length ? assess(facts, now(), 0).halfOpen !== undefined : false;
    },
    wouldChoose: (groupId, ids, query) => chooseByStrategy(options, groupId, ids, query),
    choose: (groupId, ids, query) => {
      const chosen = chooseByStrategy(options, groupId, ids, query);
      options.cursors.set(groupId, (options.cursors.get(groupId) ?? 0) + 1);
      return chosen;
    },
  };
}

/** What was derived from one version of the configuration, and from one of the backends' conditions. */
type Caches = {
  snapshot: Snapshot;
  groups: Map<string, GroupLimits | undefined>;
  bounded: Map<string, boolean>;
  available: Map<string, { is: boolean; from: number; until: number }>;
};

/** Answers the caches of the present version: emptied whenever there is a new one. */
function createCaches(configuration: Options['configuration']): () => Caches {
  let caches: Caches | undefined;
  return () => {
    const snapshot = configuration.snapshot();
    if (caches?.snapshot === snapshot) return caches;
    const isSameConfiguration = caches?.snapshot.policies === snapshot.policies;
    caches = {
      snapshot,
      groups: (isSameConfiguration && caches?.groups) || new Map(),
      bounded: (isSameConfiguration && caches?.bounded) || new Map(),
      available: new Map(),
    };
    return caches;
  };
}

function isAvailable({ snapshot, available }: Caches, id: string, now: number): boolean {
  const known = available.get(id);
  if (known && known.from <= now && now < known.until) return known.is;
  const facts = snapshot.facts(id);
  const assessment = facts
    ? assess(facts, now, snapshot.loadMaxAgeMs)
    : { available: false, until: Number.POSITIVE_INFINITY };
  available.set(id, { is: assessment.available, from: now, until: assessment.until });
  return assessment.available;
}

function chooseByStrategy(
  { configuration, live, cursors, now, chance }: Options,
  groupId: string,
  ids: readonly string[],
  { user, affinityHash }: ChosenFor,
): string {
  const cursor = cursors.get(groupId) ?? 0;
  const snapshot = configuration.snapshot();
  const group = snapshot.group(groupId);
  const pool = snapshot.pool(groupId, now()).filter(({ id }) => ids.includes(id));
  const chosen =
    group && pool.length > 0
      ? choose(group.strategy, {
          ...{ pool, chance: chance(), cursor, live, now: now() },
          affinityHash: () => affinityHash ?? hashOf(user),
          loadFactor: group.affinity?.loadFactor ?? 0,
        })
      : undefined;
  // Without a strategy, as in a disabled group whose waiters still start: one after the other.
  return chosen?.id ?? ids[cursor % ids.length] ?? '';
}

const NONE: OwnLimits = { maxOnEachBackend: 0, maxRunningOfUser: 0, maxQueued: 0, maxQueuedOfUser: 0, maxWaitMs: 0 };

function limitsOf(group: Group, counted: boolean): GroupLimits {
  const { backendIds, enabled, queue, observeLimits, spillOverGroupId, spillOverAfterMs } = group;
  const own: OwnLimits = {
    maxOnEachBackend: group.maxRunningQueriesPerBackend,
    maxRunningOfUser: queue?.perUserMaxRunning ?? 0,
    maxQueued: queue?.maxQueued ?? 0,
    maxQueuedOfUser: queue?.perUserMaxQueued ?? 0,
    maxWaitMs: queue?.maxWaitMs ?? 0,
  };
  return {
    ...(observeLimits ? { ...NONE, observed: own } : own),
    backendIds: backendIds.toSorted(),
    isDisabled: enabled === false,
    isCounted: counted,
    ...(spillOverGroupId !== '' && { spillOver: { groupId: spillOverGroupId, afterMs: spillOverAfterMs } }),
    fairShare: queue?.fairShare ?? false,
    queuesWhenUnavailable: queue?.whenUnavailable === Group_Queue_WhenUnavailable.QUEUE,
  };
}
