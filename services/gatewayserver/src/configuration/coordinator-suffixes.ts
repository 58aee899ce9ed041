import { timestampMs } from '@bufbuild/protobuf/wkt';
import type { BackendStatus, Incarnation } from '@trino-gateway/api/gateway';
import type { StoredBackend } from '../storage/contract/configuration.ts';

// Whose the suffix of a query id is decides where polls go, with their credentials. So it stays with the backend the monitor
// saw it at first, until that backend answers with another one, gets another address or is deleted. One coordinator has one
// address: two backends with the same url are the same cluster.

type Known = {
  backends: ReadonlyMap<string, StoredBackend>;
  statuses: ReadonlyMap<string, Pick<BackendStatus, 'coordinatorId'>>;
  incarnations: readonly Incarnation[];
};

/** Where a suffix belongs. */
export type SuffixHolder = Pick<Incarnation, 'backendId' | 'url'>;

/** The suffixes that belong to a backend. */
export function suffixHolders({ backends, statuses, incarnations }: Known): ReadonlyMap<string, SuffixHolder> {
  const seenAt = new Map<string, string[]>();
  for (const { backend } of backends.values()) {
    const suffix = statuses.get(backend.id)?.coordinatorId;
    if (suffix) seenAt.set(suffix, [...(seenAt.get(suffix) ?? []), backend.url]);
  }
  const holders = new Map<string, Incarnation>();
  for (const life of incarnations) {
    // A status may be of the address a backend had before: that this address has the suffix must be known as well.
    if (seenAt.get(life.suffix)?.includes(life.url) !== true) continue;
    const earlier = holders.get(life.suffix);
    if (earlier === undefined || isEarlier(life, earlier)) holders.set(life.suffix, life);
  }
  return holders;
}

/** The backend whose suffix it is, when another one may not use it. */
export function otherHolder(
  holders: ReadonlyMap<string, SuffixHolder>,
  { suffix, url }: Pick<Incarnation, 'suffix' | 'url'>,
): SuffixHolder | undefined {
  const holder = holders.get(suffix);
  return holder === undefined || holder.url === url ? undefined : holder;
}

/** The lives of coordinators that a suffix may belong to: of one that belongs to a backend, those of that backend. */
export function incarnationsOf(
  incarnations: readonly Incarnation[],
  holders: ReadonlyMap<string, SuffixHolder>,
  suffix: string | undefined,
): Incarnation[] {
  const lives = incarnations.filter((life) => life.suffix === suffix);
  const holder = holders.get(suffix ?? '');
  if (holder === undefined) return lives;
  return lives.filter(({ backendId, url }) => url === holder.url || backendId === holder.backendId);
}

function isEarlier(life: Incarnation, than: Incarnation): boolean {
  const [at, thanAt] = [life, than].map(({ firstSeenAt }) =>
    firstSeenAt === undefined ? 0 : timestampMs(firstSeenAt),
  );
  if (at !== thanAt) return (at ?? 0) < (thanAt ?? 0);
  return life.url < than.url;
}
