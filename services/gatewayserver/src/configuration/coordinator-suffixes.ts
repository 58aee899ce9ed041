import { timestampMs } from '@bufbuild/protobuf/wkt';
import type { BackendStatus, Incarnation } from '@trino-gateway/api/gateway';
import type { StoredBackend } from '../storage/contract/configuration.ts';

// The suffix of a query id decides which backend receives its polls, and their credentials. So a suffix belongs to the backend
// where the monitor saw it first, until that backend answers with another one, gets another url or is deleted. One coordinator
// has one url: two backends with the same url are the same cluster.

type Known = {
  backends: ReadonlyMap<string, StoredBackend>;
  statuses: ReadonlyMap<string, Pick<BackendStatus, 'coordinatorId'>>;
  incarnations: readonly Incarnation[];
};

/** The backend that a suffix belongs to. */
export type SuffixHolder = Pick<Incarnation, 'backendId' | 'url'>;

/** The suffixes that belong to a backend, with that backend. */
export function suffixHolders({ backends, statuses, incarnations }: Known): ReadonlyMap<string, SuffixHolder> {
  const seenAt = new Map<string, string[]>();
  for (const { backend } of backends.values()) {
    const suffix = statuses.get(backend.id)?.coordinatorId;
    if (suffix) seenAt.set(suffix, [...(seenAt.get(suffix) ?? []), backend.url]);
  }
  const holders = new Map<string, Incarnation>();
  for (const incarnation of incarnations) {
    // A status may be of an earlier url of its backend: the suffix must have been seen at this one.
    const { suffix, url } = incarnation;
    if (seenAt.get(suffix)?.includes(url) !== true) continue;
    const earlier = holders.get(suffix);
    if (earlier === undefined || isEarlier(incarnation, earlier)) holders.set(suffix, incarnation);
  }
  return holders;
}

/** The backend that a suffix belongs to, when that is another one than at this url. */
export function otherHolder(
  holders: ReadonlyMap<string, SuffixHolder>,
  { suffix, url }: Pick<Incarnation, 'suffix' | 'url'>,
): SuffixHolder | undefined {
  const holder = holders.get(suffix);
  return holder === undefined || holder.url === url ? undefined : holder;
}

/** The incarnations with this suffix; where the suffix belongs to a backend, those of that backend alone. */
export function incarnationsOf(
  incarnations: readonly Incarnation[],
  holders: ReadonlyMap<string, SuffixHolder>,
  suffix: string | undefined,
): Incarnation[] {
  const found = incarnations.filter((incarnation) => incarnation.suffix === suffix);
  const holder = holders.get(suffix ?? '');
  if (holder === undefined) return found;
  return found.filter(({ backendId, url }) => url === holder.url || backendId === holder.backendId);
}

function isEarlier(incarnation: Incarnation, than: Incarnation): boolean {
  const [at, thanAt] = [incarnation, than].map(({ firstSeenAt }) =>
    firstSeenAt === undefined ? 0 : timestampMs(firstSeenAt),
  );
  if (at !== thanAt) return (at ?? 0) < (thanAt ?? 0);
  return incarnation.url < than.url;
}
