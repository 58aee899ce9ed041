import type { SnapshotBackend } from '@trino-gateway/api/gateway';
import { coordinatorSuffix, querySuffix } from '@trino-gateway/trino';
import { type Coordinator, type CoordinatorTls, type Incarnation, keyOf, plainTls } from './coordinator.ts';
import { createSuffixIndex } from './suffix-index.ts';

/** Which coordinator a query id belongs to (B2): suffix to address, a handful of entries. */
export type Ownership = {
  /** Exactly one: the owner. Several: the suffix is ambiguous. None: unknown suffix. */
  owners(queryId: string): readonly Coordinator[];
  /** The same for the suffix alone. */
  ownersOfSuffix(suffix: string): readonly Coordinator[];
  /** Every address that could own an unknown id: all known backends and former incarnations, each URL once. */
  candidates(): readonly Coordinator[];
  /** A submission was answered from here. True when the suffix was not known for this address, and is no other backend's. */
  learn(queryId: string, coordinator: Coordinator): boolean;
  /** The TLS settings of an address: of its backend, or that its last one had. */
  tlsAt(coordinator: Coordinator): CoordinatorTls | undefined;
  /** The backend where the monitor saw the suffix of this id; undefined when that is this coordinator's, or none. */
  otherHolder(queryId: string, coordinator: Coordinator): string | undefined;
};

/** The table, with the operations for the gatewayserver and the state file. */
export type OwnershipTable = Ownership & {
  /** Takes over what the gatewayserver (or the state file) knows; keeps what was learnt here and is not in it yet. */
  replace(backends: readonly SnapshotBackend[], incarnations: readonly Incarnation[]): void;
  /** Adds an incarnation learnt before a restart that no snapshot has shown yet. */
  restore(incarnation: Incarnation): void;
  /** Undoes `learn`: the gatewayserver knew already that the suffix is another backend's. */
  forget(incarnation: Incarnation): void;
  /** What the last snapshot held. */
  sharedIncarnations(): readonly Incarnation[];
  /** Learnt here, and in no snapshot yet. */
  ownIncarnations(): readonly Incarnation[];
  /** The known suffixes that were asked for since the last call. */
  takeUsedSuffixes(): string[];
  /** Puts back suffixes whose report failed. */
  returnUsedSuffixes(suffixes: readonly string[]): void;
};

/** Beyond it the oldest is forgotten. That takes so many restarts of coordinators while there is no gatewayserver. */
const MOST_OWN = 10_000;
const NONE: readonly Coordinator[] = [];

/** An empty table. */
export function createOwnership(): OwnershipTable {
  const own = new Map<string, Incarnation>();
  let backends: readonly SnapshotBackend[] = [];
  let shared: readonly Incarnation[] = [];
  let index = createSuffixIndex(backends);
  let used = new Set<string>();

  const rebuild = () => {
    index = createSuffixIndex(backends);
    for (const incarnation of shared) index.add(incarnation);
    for (const incarnation of own.values()) index.add(incarnation);
  };
  const keep = (incarnation: Incarnation) => {
    own.set(keyOf(incarnation), incarnation);
    index.add(incarnation);
    if (own.size <= MOST_OWN) return;
    const [oldest] = own.keys();
    if (oldest !== undefined) own.delete(oldest);
    rebuild();
  };
  const isKnown = (suffix: string, address: string) =>
    index.ownersOf(suffix)?.some(({ url }) => url === address) ?? false;
  const otherHolder: Ownership['otherHolder'] = (queryId, { url }) =>
    index.otherHolder(querySuffix(queryId) ?? '', url);
  const ownersOfSuffix: Ownership['ownersOfSuffix'] = (suffix) => {
    const owners = index.ownersOf(suffix);
    if (!owners) return NONE;
    used.add(suffix);
    return owners;
  };

  // Asked for every request to a cluster.
  const tlsAt: Ownership['tlsAt'] = ({ backendId, url, tls }) => {
    if (tls !== undefined || !url.startsWith('https:')) return tls;
    const known = index.at(url);
    if (known === undefined || known.backendId === backendId) return known?.tls;
    // Two backends may have one address, and each its own settings.
    const own = backends.find(({ id }) => id === backendId);
    return own?.url === url ? plainTls(own.tls).tls : known.tls;
  };

  return {
    owners: (queryId) => ownersOfSuffix(querySuffix(queryId) ?? ''),
    ownersOfSuffix,
    candidates: () => index.coordinators(),
    learn: (queryId, coordinator) => {
      const suffix = coordinatorSuffix(queryId);
      if (suffix === undefined || otherHolder(queryId, coordinator) !== undefined) return false;
      if (isKnown(suffix, coordinator.url)) return false;
      const { backendId, url, forwardedHeaders, tls } = coordinator;
      keep({ suffix, backendId, url, forwardedHeaders, ...plainTls(tls) });
      return true;
    },
    tlsAt,
    otherHolder,
    replace: (newBackends, incarnations) => {
      backends = newBackends;
      shared = incarnations;
      for (const incarnation of incarnations) own.delete(keyOf(incarnation));
      rebuild();
      for (const [key, incarnation] of own) if (index.isElsewhere(incarnation)) own.delete(key);
    },
    restore: (incarnation) => {
      if (!index.isElsewhere(incarnation) && !isKnown(incarnation.suffix, incarnation.url)) keep(incarnation);
    },
    forget: (incarnation) => {
      if (own.delete(keyOf(incarnation))) rebuild();
    },
    sharedIncarnations: () => shared,
    ownIncarnations: () => [...own.values()],
    takeUsedSuffixes: () => {
      const taken = [...used];
      used = new Set();
      return taken;
    },
    returnUsedSuffixes: (suffixes) => {
      for (const suffix of suffixes) used.add(suffix);
    },
  };
}
