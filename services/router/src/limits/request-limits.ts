import type { Logger } from '@trino-gateway/runtime';
import type { Bounds } from './bounds.ts';
import { onceAMinute } from './once-a-minute.ts';
import { createRoomWaiters } from './room-waiters.ts';
import { createShares, type NoShare, ownerOfAddress, type Shares } from './shares.ts';

/** The limit that a request exceeded: of all requests, of its client's address, of all requests at clusters, of one backend. */
export type RequestLimit = 'all' | 'client' | 'all_backends' | 'backend';

/** Releases what was taken; to be called once. */
export type Release = () => void;

/** Bounds the requests under way. */
export type RequestLimits = {
  /** Takes one for this client; says which limit is exceeded when there is none left. */
  ofClient(ip: string): Release | RequestLimit;
  /** Takes one at this backend; undefined when there is none left. */
  ofBackend(backendId: string): Release | undefined;
  /** The same, but waits for so long until there is one left. */
  waitForBackend(backendId: string, waitMs: number, signal: AbortSignal): Promise<Release | undefined>;
  /** Requests of clients. */
  underWay(): number;
  /** Requests at clusters. */
  atBackends(): number;
  refused(): ReadonlyMap<RequestLimit, number>;
  /** From now on so many are admitted. */
  resize(bounds: RequestBounds): void;
};

type RequestBounds = Pick<Bounds, 'requests' | 'requestsPerClient' | 'requestsPerBackend'>;

/** One request may ask several backends at once, so requests at clusters have a limit of their own, of the same size. */
export function createRequestLimits(
  { requests, requestsPerClient, requestsPerBackend }: RequestBounds,
  logger: Logger,
  now: () => number = () => performance.now(),
): RequestLimits {
  const clients = createShares(requests, requestsPerClient);
  const backends = createShares(requests, requestsPerBackend);
  const refused = new Map<RequestLimit, number>();
  const warn = onceAMinute(
    () =>
      logger.warn('requests are answered 503: router.max_requests, _per_client or _per_backend is reached', {
        ...Object.fromEntries(refused),
      }),
    now,
  );
  const take = (shares: Shares, owner: string, all: RequestLimit, share: RequestLimit): Release | RequestLimit => {
    const taken = shares.take(owner);
    if (typeof taken === 'function') return taken;
    const limit = taken === 'all' ? all : share;
    refused.set(limit, (refused.get(limit) ?? 0) + 1);
    warn();
    return limit;
  };
  const waiters = createRoomWaiters<Release>();
  const givenBack = (taken: Release | RequestLimit | NoShare): Release | undefined =>
    typeof taken !== 'function'
      ? undefined
      : () => {
          taken();
          waiters.released();
        };
  const roomAt = (backendId: string) => givenBack(backends.take(backendId));
  const ofBackend = (backendId: string) => givenBack(take(backends, backendId, 'all_backends', 'backend'));
  return {
    ofClient: (ip) => take(clients, ownerOfAddress(ip), 'all', 'client'),
    ofBackend,
    waitForBackend: async (backendId, waitMs, signal) => {
      const atOnce = roomAt(backendId) ?? (await waiters.wait(() => roomAt(backendId), waitMs, signal));
      return atOnce ?? ofBackend(backendId);
    },
    underWay: clients.taken,
    atBackends: backends.taken,
    refused: () => refused,
    resize: (next) => {
      clients.resize(next.requests, next.requestsPerClient);
      backends.resize(next.requests, next.requestsPerBackend);
    },
  };
}

/** Of an answer that means: not now. Not all clients repeat a request after it: see docs/routers.md. */
export const RETRY_AFTER = ['Retry-After', '1'] as const;

/** The message to a client that exceeds a limit. */
export function busyMessage(limit: RequestLimit): string {
  return limit === 'client'
    ? 'Your address has as many requests under way as one may: try again in a moment'
    : 'This gateway has as many requests under way as it may: try again in a moment';
}
