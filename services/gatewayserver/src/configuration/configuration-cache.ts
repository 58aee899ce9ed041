import { createHash } from 'node:crypto';
import { toBinary } from '@bufbuild/protobuf';
import type { DelegatedAuthentication } from '@trino-gateway/api/authentication';
import {
  type BackendOverride,
  type BackendSchedule,
  BackendSchema,
  type BackendStatus,
  type Group,
  type Incarnation,
  type Policy,
} from '@trino-gateway/api/gateway';
import { describeError, every, type Logger } from '@trino-gateway/runtime';
import { type IndexedConfiguration, indexConfiguration } from '../routing/indexed-configuration.ts';
import { createSnapshot, type Snapshot } from '../routing/snapshot.ts';
import type { StoredBackend } from '../storage/contract/configuration.ts';
import type { Revisions } from '../storage/contract/revisions.ts';
import type { Store } from '../storage/contract/store.ts';
import { type SuffixHolder, suffixHolders } from './coordinator-suffixes.ts';
import { limitedBackends } from './limited-backends.ts';
import { routerBackend } from './router-backend.ts';

/** All that is stored and decides, as last read. */
export type Known = {
  backends: Map<string, StoredBackend>;
  groups: Map<string, Group>;
  policies: Map<string, Policy>;
  statuses: Map<string, BackendStatus>;
  schedules: Map<string, BackendSchedule>;
  overrides: Map<string, BackendOverride>;
  incarnations: Incarnation[];
};

/** Which part of it a write changed. */
export type Part = keyof Revisions;

/** Holds what is stored in memory; goes on with the last state while the database is away. */
export type ConfigurationCache = AsyncDisposable & {
  readonly known: Readonly<Known>;
  /** For decisions; the same object until something changes. */
  snapshot(): Snapshot;
  /** The suffixes of query ids that belong to a backend. */
  suffixHolders(): ReadonlyMap<string, SuffixHolder>;
  /** Whether queries of this backend may hold leases. */
  isLimited(backendId: string): boolean;
  /** Puts what was just stored in force here without waiting for the next look. */
  wrote(part: Part, change: (known: Known) => void): void;
  /** Reads what has changed since. @throws when the database is away */
  refresh(): Promise<void>;
  /** Of the configuration that was last read whole; undefined when that was before a write of ours. */
  configurationRevision(): number | undefined;
  /** Equal on all replicas as long as the backends are; conditions do not count. */
  backendsRevision(): string;
  /** Equal on all replicas as long as what routers need is. */
  routersRevision(): string;
  /** Where requests must pass delegated authentication; part of what routers need. */
  delegated(): DelegatedAuthentication;
  /** Resolves at the next change, or when the signal is aborted. */
  changed(signal: AbortSignal): Promise<void>;
};

type Options = {
  store: Pick<Store, 'revisions' | 'configuration' | 'conditions' | 'incarnations'>;
  logger: Logger;
  loadMaxAgeMs: number;
  intervalMs?: number;
};

/** Reads everything once, then looks every second whether another replica has changed something. */
export async function openConfigurationCache({
  store,
  logger,
  loadMaxAgeMs,
  intervalMs = 1_000,
}: Options): Promise<ConfigurationCache> {
  const known: Known = {
    backends: new Map(),
    groups: new Map(),
    policies: new Map(),
    statuses: new Map(),
    schedules: new Map(),
    overrides: new Map(),
    incarnations: [],
  };
  const inForce: Partial<Revisions> = {};
  const waiters = new Set<() => void>();
  let indexed: IndexedConfiguration | undefined;
  let current: Snapshot | undefined;
  let limited: ReadonlySet<string> | undefined;
  let suffixes: ReadonlyMap<string, SuffixHolder> | undefined;
  let seen = '';
  let revisions: { backends?: string; routers?: string } = {};
  let reading: { done: Promise<void>; writes: { part: Part; change: (known: Known) => void }[] } | undefined;

  const changedParts = (parts: ReadonlySet<Part>) => {
    if (parts.size === 0) return;
    if (parts.has('configuration')) {
      indexed = undefined;
      limited = undefined;
    }
    current = undefined;
    // Conditions change all the time; what routers are told of them hardly ever does.
    const before = seen;
    if (parts.has('conditions')) seen = coordinatorsSeen(known);
    if (parts.has('configuration') || parts.has('incarnations') || seen !== before) {
      suffixes = undefined;
      revisions = {};
    }
    for (const wake of waiters) wake();
  };
  const read = async (writes: { part: Part; change: (known: Known) => void }[]) => {
    const stored = await store.revisions.read();
    const stale = (Object.keys(stored) as Part[]).filter((part) => stored[part] !== inForce[part]);
    const [configuration, conditions, incarnations] = await Promise.all([
      stale.includes('configuration') ? store.configuration.read() : undefined,
      stale.includes('conditions') ? store.conditions.read() : undefined,
      stale.includes('incarnations') ? store.incarnations.read() : undefined,
    ]);
    if (configuration) {
      known.backends = new Map(configuration.backends.map((stored) => [stored.backend.id, stored]));
      known.groups = new Map(configuration.groups.map((group) => [group.id, group]));
      known.policies = new Map(configuration.policies.map((policy) => [policy.id, policy]));
      inForce.configuration = configuration.revision;
    }
    if (conditions) {
      known.statuses = new Map(conditions.statuses.map((status) => [status.backendId, status]));
      known.schedules = new Map(conditions.schedules.map((schedule) => [schedule.backendId, schedule]));
      known.overrides = new Map(conditions.overrides);
      inForce.conditions = conditions.revision;
    }
    if (incarnations) {
      known.incarnations = incarnations.incarnations;
      inForce.incarnations = incarnations.revision;
    }
    // A write of ours may have been missed by what was read meanwhile, or be older than it: it holds until the next look
    // reads that part again.
    for (const { part, change } of writes) {
      change(known);
      delete inForce[part];
    }
    changedParts(new Set(stale));
  };
  const refresh = () => {
    if (reading) return reading.done;
    const writes: { part: Part; change: (known: Known) => void }[] = [];
    const done = read(writes).finally(() => {
      reading = undefined;
    });
    reading = { done, writes };
    return done;
  };

  const index = () => {
    indexed ??= indexConfiguration(known);
    return indexed;
  };
  const isLimited = (backendId: string) => {
    limited ??= limitedBackends(known.backends, known.groups);
    return limited.has(backendId);
  };
  const holders = () => {
    suffixes ??= suffixHolders(known);
    return suffixes;
  };

  await refresh();
  let away = false;
  const loop = every(intervalMs, 'reading the configuration', logger, async () => {
    try {
      await refresh();
      if (away) logger.info('the database answers again');
      away = false;
    } catch (error) {
      if (!away) logger.warn('the database is away: deciding by what was last read', { error: describeError(error) });
      away = true;
    }
  });
  return {
    known,
    snapshot() {
      current ??= createSnapshot(index(), known, loadMaxAgeMs);
      return current;
    },
    delegated: () => index().delegated,
    suffixHolders: holders,
    isLimited,
    wrote(part, change) {
      change(known);
      reading?.writes.push({ part, change });
      changedParts(new Set([part]));
    },
    refresh,
    configurationRevision: () => inForce.configuration,
    backendsRevision() {
      revisions.backends ??= digest(
        [...known.backends.values()].sort(byBackendId).map(({ backend }) => toBinary(BackendSchema, backend)),
      );
      return revisions.backends;
    },
    routersRevision() {
      revisions.routers ??= digest([
        ...[...known.backends.values()]
          .sort(byBackendId)
          .map(({ backend }) => JSON.stringify(routerBackend(backend, isLimited(backend.id)))),
        JSON.stringify(index().delegated),
        ...known.incarnations
          .map(({ suffix, backendId, url, forwardedHeaders }) =>
            JSON.stringify([suffix, backendId, url, forwardedHeaders]),
          )
          .sort(),
        ...[...holders()].map(([suffix, { url }]) => JSON.stringify([suffix, url])).sort(),
      ]);
      return revisions.routers;
    },
    changed: (signal) =>
      new Promise((resolve) => {
        const wake = () => {
          waiters.delete(wake);
          signal.removeEventListener('abort', wake);
          resolve();
        };
        waiters.add(wake);
        signal.addEventListener('abort', wake);
        if (signal.aborted) wake();
      }),
    [Symbol.asyncDispose]: () => loop[Symbol.asyncDispose](),
  };
}

function coordinatorsSeen({ statuses }: Known): string {
  let all = '';
  for (const { backendId, coordinatorId } of statuses.values()) all += `${backendId} ${coordinatorId}\n`;
  return all;
}

function byBackendId(a: StoredBackend, b: StoredBackend): number {
  return a.backend.id < b.backend.id ? -1 : 1;
}

function digest(parts: readonly (string | Uint8Array)[]): string {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part).update('\n');
  return hash.digest('hex').slice(0, 32);
}
