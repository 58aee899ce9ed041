import { timestampMs } from '@bufbuild/protobuf/wkt';
import { type Group, Group_Queue_WhenUnavailable } from '@trino-gateway/api/gateway';
import type { SnapshotKeeper } from '../configuration/configuration-cache.ts';
import { assess } from '../routing/availability.ts';
import type { Snapshot } from '../routing/snapshot.ts';
import { choose } from '../routing/strategies/registry.ts';
import type { LiveView } from '../routing/strategies/strategy.ts';
import { type GroupLimits, isLimited, type Limits, type QueueBounds } from './rules/limits.ts';

/** The limits of what is configured now. */
export type ConfiguredLimits = Limits & {
  /** Whether anything bounds what runs in this group; false when there is none. */
  bounds(groupId: string): boolean;
};

type Options = {
  keeper: Pick<SnapshotKeeper, 'known' | 'snapshot'>;
  live: LiveView;
  queues: QueueBounds;
  /** The choices made in each group, counted on. */
  turns: Map<string, number>;
  now: () => number;
  /** From 0 up to but not 1. */
  chance: () => number;
};

/** Reads the configuration once for each of its versions, and availability until time may have changed it. */
export function configuredLimits({ keeper, live, queues, turns, now, chance }: Options): ConfiguredLimits {
  let configuration: Snapshot['policies'] | undefined;
  let conditions: Snapshot | undefined;
  const groups = new Map<string, GroupLimits | undefined>();
  const bounded = new Map<string, boolean>();
  const available = new Map<string, { is: boolean; from: number; until: number }>();
  const snapshot = () => {
    const present = keeper.snapshot();
    if (present.policies !== configuration) {
      configuration = present.policies;
      groups.clear();
      bounded.clear();
    }
    if (present !== conditions) {
      conditions = present;
      available.clear();
    }
    return present;
  };
  const maxOnBackend = (id: string) => keeper.known.backends.get(id)?.backend.maxRunningQueries ?? 0;
  const group = (id: string) => {
    snapshot();
    if (groups.has(id)) return groups.get(id);
    const known = keeper.known.groups.get(id);
    const limits = known && limitsOf(known);
    groups.set(id, limits);
    return limits;
  };
  return {
    queues,
    isKnown: (id) => keeper.known.backends.has(id),
    maxOnBackend,
    foreignOn: (id) => {
      const status = keeper.known.statuses.get(id);
      if (!status?.foreignRunning || !status.observedAt) return 0;
      const isRecent = now() - timestampMs(status.observedAt) <= snapshot().loadMaxAgeMs;
      return isRecent ? status.foreignRunning : 0;
    },
    group,
    bounds: (id) => {
      const limits = group(id);
      if (!limits) return false;
      const bound = bounded.get(id) ?? isLimited({ maxOnBackend }, limits);
      bounded.set(id, bound);
      return bound;
    },
    isAvailable: (id) => {
      const { facts, loadMaxAgeMs } = snapshot();
      const at = now();
      const known = available.get(id);
      if (known && known.from <= at && at < known.until) return known.is;
      const found = facts(id);
      const assessment = found
        ? assess(found, at, loadMaxAgeMs)
        : { available: false, until: Number.POSITIVE_INFINITY };
      available.set(id, { is: assessment.available, from: at, until: assessment.until });
      return assessment.available;
    },
    choose: (groupId, ids, user) => {
      const cursor = turns.get(groupId) ?? 0;
      turns.set(groupId, cursor + 1);
      const found = snapshot().group(groupId);
      const pool = snapshot()
        .pool(groupId, now())
        .filter(({ id }) => ids.includes(id));
      const chosen =
        found && pool.length > 0 ? choose(found.strategy, { pool, chance: chance(), cursor, user, live }) : undefined;
      // Also for those who still wait in a group that was disabled.
      return chosen?.id ?? ids[cursor % ids.length] ?? '';
    },
  };
}

function limitsOf({ backendIds, maxRunningQueriesPerBackend, queue }: Group): GroupLimits {
  return {
    backendIds: backendIds.toSorted(),
    maxOnEachBackend: maxRunningQueriesPerBackend,
    maxRunningOfUser: queue?.perUserMaxRunning ?? 0,
    maxQueued: queue?.maxQueued ?? 0,
    maxQueuedOfUser: queue?.perUserMaxQueued ?? 0,
    maxWaitMs: queue?.maxWaitMs ?? 0,
    fairShare: queue?.fairShare ?? false,
    queuesWhenUnavailable: queue?.whenUnavailable === Group_Queue_WhenUnavailable.QUEUE,
  };
}
