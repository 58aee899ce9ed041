import type { SnapshotBackend } from '@trino-gateway/api/gateway';
import { type Coordinator, coordinatorOf, type Incarnation, plainTls } from './coordinator.ts';

/** Which coordinators query ids with a given suffix may belong to. */
export type SuffixIndex = {
  add(incarnation: Incarnation): void;
  ownersOf(suffix: string): readonly Coordinator[] | undefined;
  /** All that are known, each address once. */
  coordinators(): readonly Coordinator[];
  /** The coordinator at this address, as it is set now. */
  at(url: string): Coordinator | undefined;
  /** Whether the monitor saw this suffix at another backend. */
  isElsewhere(incarnation: Incarnation): boolean;
  /** The backend where the monitor saw this suffix; undefined when that is at this address, or nowhere. */
  otherHolder(suffix: string, url: string): string | undefined;
};

/** Knows these backends, at their present addresses and with the suffixes that the monitor saw there. */
export function createSuffixIndex(backends: readonly SnapshotBackend[]): SuffixIndex {
  const bySuffix = new Map<string, Coordinator[]>();
  const byUrl = new Map<string, Coordinator>();
  const seen = backends.filter(({ coordinatorId }) => coordinatorId !== '');
  const holders = Map.groupBy(seen, ({ coordinatorId }) => coordinatorId);
  let coordinators: readonly Coordinator[] | undefined;

  // A former address of the holder may have it as well.
  const isElsewhere = ({ suffix, url, backendId }: Incarnation) =>
    holders.get(suffix)?.every((holder) => holder.url !== url && holder.id !== backendId) ?? false;
  const add = (incarnation: Incarnation) => {
    const { suffix, backendId, url } = incarnation;
    const current = byUrl.get(url);
    // An address still in use is treated as its backend is set now, not as it was when this incarnation began.
    const { forwardedHeaders, tls } = current ?? incarnation;
    const coordinator: Coordinator = { backendId, url, forwardedHeaders, ...plainTls(tls) };
    if (!current) {
      byUrl.set(url, coordinator);
      coordinators = undefined;
    }
    if (isElsewhere(incarnation)) return;
    const owners = bySuffix.get(suffix);
    if (!owners) bySuffix.set(suffix, [coordinator]);
    else if (!owners.some((owner) => owner.url === url)) owners.push(coordinator);
  };

  for (const backend of backends) if (!byUrl.has(backend.url)) byUrl.set(backend.url, coordinatorOf(backend));
  for (const backend of seen) add({ suffix: backend.coordinatorId, ...coordinatorOf(backend) });
  return {
    add,
    ownersOf: (suffix) => bySuffix.get(suffix),
    coordinators: () => {
      coordinators ??= [...byUrl.values()];
      return coordinators;
    },
    at: (url) => byUrl.get(url),
    isElsewhere,
    otherHolder: (suffix, url) => {
      const known = holders.get(suffix);
      return known?.some((holder) => holder.url === url) ? undefined : known?.[0]?.id;
    },
  };
}
