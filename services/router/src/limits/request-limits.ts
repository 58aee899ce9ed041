import type { Logger } from '@trino-gateway/runtime';
import type { Bounds } from './bounds.ts';
import { onceAMinute } from './once-a-minute.ts';
import type { NoRoom } from './room.ts';
import { createRoomWaiters } from './room-waiters.ts';
import { createShares, ownerOfAddress, type Shares, type Taken } from './shares.ts';

/** The limit that a request exceeded: of all requests, of its client's address, of all requests at clusters, of one backend. */
export type RequestLimit = 'all' | 'client' | 'all_backends' | 'backend';

/** Releases what was taken; to be called once. */
export type Release = () => void;

/** Bounds the requests under way. What has to ask other processes first is a promise. */
export type RequestLimits = {
  /** Takes one for this client; says which limit is exceeded when there is none left. */
  ofClient(ip: string): Release | RequestLimit | Promise<Release | RequestLimit>;
  /** The same, but undefined when there is none left: that is no refusal. */
  roomOf(ip: string): Release | undefined | Promise<Release | undefined>;
  /** The same at this backend. */
  roomAt(backendId: string): Release | undefined | Promise<Release | undefined>;
  /** Takes one at this backend; undefined when there is none left, which is a refusal. */
  ofBackend(backendId: string): Release | undefined | Promise<Release | undefined>;
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

type Options = {
  now?: () => number;
  /** Shared with other processes; default: those of this one alone. */
  clients?: Shares;
  backends?: Shares;
};

/** One request may ask several backends at once, so requests at clusters have a limit of their own, of the same size. */
export function createRequestLimits(
  { requests, requestsPerClient, requestsPerBackend }: RequestBounds,
  logger: Logger,
  options: Options = {},
): RequestLimits {
  const { now = () => performance.now() } = options;
  const { clients = createShares(requests, requestsPerClient) } = options;
  const { backends = createShares(requests, requestsPerBackend) } = options;
  const refused = new Map<RequestLimit, number>();
  const warn = onceAMinute(
    () =>
      logger.warn('requests are answered 503: router.max_requests, _per_client or _per_backend is reached', {
        ...Object.fromEntries(refused),
      }),
    now,
  );
  const counted = (taken: Taken, all: RequestLimit, share: RequestLimit): Release | RequestLimit => {
    if (typeof taken === 'function') return taken;
    const limit = taken === 'all' ? all : share;
    refused.set(limit, (refused.get(limit) ?? 0) + 1);
    warn();
    return limit;
  };
  const waiters = createRoomWaiters();
  const givenBack = (taken: Release | RequestLimit | NoRoom): Release | undefined =>
    typeof taken !== 'function'
      ? undefined
      : () => {
          taken();
          waiters.released();
        };
  const roomAt = (backendId: string) => once(backends.take(backendId), givenBack);
  const ofBackend = (backendId: string) =>
    once(backends.take(backendId), (taken) => givenBack(counted(taken, 'all_backends', 'backend')));
  return {
    ofClient: (ip) => once(clients.take(ownerOfAddress(ip)), (taken) => counted(taken, 'all', 'client')),
    roomOf: (ip) =>
      once(clients.take(ownerOfAddress(ip)), (taken) => (typeof taken === 'function' ? taken : undefined)),
    roomAt,
    ofBackend,
    waitForBackend: async (backendId, waitMs, signal) => {
      const taken = roomAt(backendId);
      const atOnce = taken instanceof Promise ? await taken : taken;
      if (atOnce !== undefined) return atOnce;
      return (await waiters.wait(() => roomAt(backendId), waitMs, signal)) ?? (await ofBackend(backendId));
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

/** What follows from a value, at once where it is there. */
function once<A, B>(value: A | Promise<A>, next: (value: A) => B): B | Promise<B> {
  return value instanceof Promise ? value.then(next) : next(value);
}

/** What was taken, if there was something at once; what comes later is given back. */
export function atOnce(taken: Release | undefined | Promise<Release | undefined>): Release | undefined {
  if (!(taken instanceof Promise)) return taken;
  void taken.then((late) => late?.());
  return undefined;
}

/** Of an answer that means: not now. Not all clients repeat a request after it: see docs/routers.md. */
export const RETRY_AFTER = ['Retry-After', '1'] as const;

/** The message to a client that exceeds a limit. */
export function busyMessage(limit: RequestLimit): string {
  return limit === 'client'
    ? 'Your address has as many requests under way as one may: try again in a moment'
    : 'This gateway has as many requests under way as it may: try again in a moment';
}
