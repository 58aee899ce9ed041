import { Code, ConnectError } from '@connectrpc/connect';
import type { Backend } from '@trino-gateway/api/gateway';
import { describeError, every, type Logger } from '@trino-gateway/runtime';
import { createSlots } from '../clusters/concurrency-limit.ts';
import { describeFailure, withoutQuoted } from '../clusters/describe-failure.ts';
import { type LeaseCalls, type LeaseLook, lookAtLeases } from './sweep-leases.ts';

/** Looks after the slots of all backends: gives back those of queries that are over, and counts what holds none. */
export type LeaseWatch = AsyncDisposable & {
  /** The whole list, disabled backends too: what runs there goes on, and ends. */
  takeOver(backends: readonly Backend[]): void;
  /** The gatewayserver was away: what was missed until now counts no more. */
  forget(): void;
  /** Running there without a slot at the last look; undefined while unknown. */
  foreign(backendId: string): number | undefined;
};

export type LeaseWatchOptions = {
  admission: LeaseCalls;
  /** Between two looks at a backend without leases, in milliseconds. */
  intervalMs: number;
  /** For one look at one backend, in milliseconds. */
  timeLimitMs: number;
  logger: Logger;
  /** After each look that was answered. */
  onLook: (backendId: string, look: LeaseLook) => void;
};

/** Somebody may be waiting for the slot of a query that is over. */
const LEASED_INTERVAL_MS = 2_000;
const LOOKS_AT_ONCE = 16;
const LOOK_HOLDS_SLOT_MS = 1_000;

type Watched = {
  backend: Backend;
  leased: boolean;
  askedAt: number;
  missingSince: ReadonlyMap<string, number>;
  foreign: number | undefined;
  looking: Promise<void> | undefined;
};

/** Looks at no backend yet. Disposal ends the looks that are under way. */
export function watchLeases({ admission, intervalMs, timeLimitMs, logger, onLook }: LeaseWatchOptions): LeaseWatch {
  const watched = new Map<string, Watched>();
  const failing = new Set<string>();
  const slots = createSlots(LOOKS_AT_ONCE, LOOK_HOLDS_SLOT_MS);

  const say = (backend: string, error: unknown) => {
    // Whether the gatewayserver answers is said by those who always ask it.
    if (error instanceof ConnectError) {
      logger.debug('the leases of a backend cannot be read', { backend, error: describeError(error) });
    } else if (!failing.has(backend)) {
      failing.add(backend);
      logger.warn('queries that hold a slot cannot be looked at: slots of clients that died stay taken', {
        backend,
        error: withoutQuoted(describeFailure(error, timeLimitMs)),
      });
    }
  };
  const look = async (one: Watched, stopped: AbortSignal) => {
    const { backend, missingSince } = one;
    const signal = AbortSignal.any([stopped, AbortSignal.timeout(timeLimitMs)]);
    one.askedAt = performance.now();
    try {
      const found = await lookAtLeases(admission, backend, missingSince, { timeLimitMs, signal });
      one.leased = found.leases > 0;
      // Not what was forgotten, or replaced, meanwhile.
      if (one.missingSince === missingSince) one.missingSince = found.missingSince;
      one.foreign = found.foreign;
      if (found.problem === undefined) failing.delete(backend.id);
      else say(backend.id, found.problem);
      if (watched.get(backend.id) === one) onLook(backend.id, found);
    } catch (error) {
      if (stopped.aborted) return;
      one.foreign = undefined;
      if (error instanceof ConnectError) one.missingSince = new Map();
      // One that has no such service has no leases.
      if (error instanceof ConnectError && error.code === Code.Unimplemented) one.leased = false;
      else say(backend.id, error);
    }
  };
  const isDue = ({ looking, leased, askedAt }: Watched) =>
    looking === undefined && (leased || performance.now() - askedAt >= intervalMs);

  const pauseMs = Math.min(intervalMs, LEASED_INTERVAL_MS);
  const looking = every(pauseMs, 'looking at the leases', logger, async (signal) => {
    for (const one of watched.values()) {
      if (!isDue(one)) continue;
      one.looking = slots
        .run(signal, () => look(one, signal))
        .catch(() => {}) // stopped while it waited for its turn
        .finally(() => {
          one.looking = undefined;
        });
    }
  });
  return {
    takeOver: (backends) => {
      const ids = new Set(backends.map(({ id }) => id));
      for (const id of [...watched.keys()]) {
        if (ids.has(id)) continue;
        watched.delete(id);
        failing.delete(id);
      }
      for (const backend of backends) {
        const old = watched.get(backend.id);
        if (old?.backend.url === backend.url) old.backend = backend;
        else watched.set(backend.id, { ...NEW, backend });
      }
      looking.hurry();
    },
    forget: () => {
      for (const one of watched.values()) one.missingSince = new Map();
    },
    foreign: (backendId) => watched.get(backendId)?.foreign,
    [Symbol.asyncDispose]: async () => {
      const ended = looking[Symbol.asyncDispose]();
      await Promise.all([...watched.values()].map((one) => one.looking));
      await ended;
    },
  };
}

const NEW: Omit<Watched, 'backend'> = {
  leased: false,
  askedAt: Number.NEGATIVE_INFINITY,
  missingSince: new Map(),
  foreign: undefined,
  looking: undefined,
};
