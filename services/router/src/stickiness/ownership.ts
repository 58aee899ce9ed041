import type { Backend_ForwardedHeaders, SnapshotBackend } from '@trino-gateway/api/gateway';
import { coordinatorSuffix, querySuffix } from '@trino-gateway/trino';

/** A coordinator's life a request can be sent to. */
export type Owner = { backendId: string; url: string; forwardedHeaders: Backend_ForwardedHeaders };

/** Which coordinator a query id belongs to (B2): suffix to address, a handful of entries. */
export type Ownership = {
  /** Exactly one: the owner. Several: the suffix is ambiguous. None: unknown suffix. */
  owners(queryId: string): readonly Owner[];
  /** Every address that could own an unknown id: all known backends and former lives, each URL once. */
  candidates(): readonly Owner[];
  /** A submission answer came from here. True when this suffix was not known for this address, and is no other backend's. */
  learn(queryId: string, owner: Owner): boolean;
  /** The backend whose ids end like this one, as the monitor saw it there; undefined when that is the owner, or nobody. */
  otherHolder(queryId: string, owner: Owner): string | undefined;
};

/** One life of one coordinator: all its query ids end in the suffix. */
export type Life = Owner & { suffix: string };

/** The table with the side that the gatewayserver and the state file feed. */
export type OwnershipTable = Ownership & {
  /** Takes over what the gatewayserver (or the state file) knows; keeps what was learnt here and is not in it yet. */
  replace(backends: readonly SnapshotBackend[], lives: readonly Life[]): void;
  /** Adds a life learnt before a restart that no snapshot has shown yet. */
  restore(life: Life): void;
  /** Undoes `learn`: the gatewayserver knew already that it is another backend's. */
  forget(life: Life): void;
  /** What the last snapshot held. */
  sharedLives(): readonly Life[];
  /** Learnt here and in no snapshot yet. */
  ownLives(): readonly Life[];
  /** The known suffixes that were asked for since the last call. */
  takeUsedSuffixes(): string[];
  /** Puts back suffixes whose report failed. */
  returnUsedSuffixes(suffixes: readonly string[]): void;
};

/** Beyond it the oldest life learnt here is forgotten: it takes that many coordinator restarts without a gatewayserver. */
const MOST_OWN_LIVES = 10_000;
const NOBODY: readonly Owner[] = [];

/** An empty table. */
export function createOwnership(): OwnershipTable {
  const own = new Map<string, Life>();
  let backends: readonly SnapshotBackend[] = [];
  let shared: readonly Life[] = [];
  let holders = new Map<string, SnapshotBackend[]>();
  let bySuffix = new Map<string, Owner[]>();
  let byUrl = new Map<string, Owner>();
  let candidates: readonly Owner[] | undefined;
  let used = new Set<string>();

  // An address that the holder had before may have it as well.
  const isOfAnother = ({ suffix, url, backendId }: Life) =>
    holders.get(suffix)?.every((holder) => holder.url !== url && holder.id !== backendId) ?? false;
  const add = (life: Life) => {
    const current = byUrl.get(life.url);
    // An address still in use is treated as its backend is set now, not as it was when this life began.
    const owner: Owner = {
      backendId: life.backendId,
      url: life.url,
      forwardedHeaders: current?.forwardedHeaders ?? life.forwardedHeaders,
    };
    if (!current) {
      byUrl.set(life.url, owner);
      candidates = undefined;
    }
    if (isOfAnother(life)) return;
    const owners = bySuffix.get(life.suffix);
    if (!owners) bySuffix.set(life.suffix, [owner]);
    else if (!owners.some(({ url }) => url === life.url)) owners.push(owner);
  };
  const rebuild = () => {
    bySuffix = new Map();
    holders = Map.groupBy(
      backends.filter(({ coordinatorId }) => coordinatorId !== ''),
      ({ coordinatorId }) => coordinatorId,
    );
    byUrl = new Map();
    candidates = undefined;
    for (const { id, url, forwardedHeaders } of backends)
      if (!byUrl.has(url)) byUrl.set(url, { backendId: id, url, forwardedHeaders });
    for (const { coordinatorId: suffix, id, url, forwardedHeaders } of [...holders.values()].flat())
      add({ suffix, backendId: id, url, forwardedHeaders });
    for (const life of shared) add(life);
    for (const life of own.values()) add(life);
  };
  const keep = (life: Life) => {
    own.set(keyOf(life), life);
    add(life);
    if (own.size <= MOST_OWN_LIVES) return;
    const [oldest] = own.keys();
    if (oldest !== undefined) own.delete(oldest);
    rebuild();
  };

  const otherHolder: Ownership['otherHolder'] = (queryId, { url }) => {
    const known = holders.get(querySuffix(queryId) ?? '');
    return known?.some((holder) => holder.url === url) ? undefined : known?.[0]?.id;
  };

  return {
    owners: (queryId) => {
      const suffix = querySuffix(queryId);
      const owners = suffix === undefined ? undefined : bySuffix.get(suffix);
      if (suffix === undefined || !owners) return NOBODY;
      used.add(suffix);
      return owners;
    },
    candidates: () => {
      candidates ??= [...byUrl.values()];
      return candidates;
    },
    learn: (queryId, owner) => {
      const suffix = coordinatorSuffix(queryId);
      if (suffix === undefined || otherHolder(queryId, owner) !== undefined) return false;
      if (bySuffix.get(suffix)?.some(({ url }) => url === owner.url)) return false;
      const { backendId, url, forwardedHeaders } = owner;
      keep({ suffix, backendId, url, forwardedHeaders });
      return true;
    },
    otherHolder,
    replace: (newBackends, lives) => {
      backends = newBackends;
      shared = lives;
      for (const life of lives) own.delete(keyOf(life));
      rebuild();
      for (const [key, life] of own) if (isOfAnother(life)) own.delete(key);
    },
    restore: (life) => {
      if (!isOfAnother(life) && !bySuffix.get(life.suffix)?.some(({ url }) => url === life.url)) keep(life);
    },
    forget: (life) => {
      if (own.delete(keyOf(life))) rebuild();
    },
    sharedLives: () => shared,
    ownLives: () => [...own.values()],
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

/** What tells one life from another: the same suffix may exist at two addresses. */
export const keyOf = ({ suffix, url }: Pick<Life, 'suffix' | 'url'>): string => `${suffix} ${url}`;
