import { Code, ConnectError } from '@connectrpc/connect';
import type { Backend } from '@trino-gateway/api/gateway';
import { describeError, every, type Logger } from '@trino-gateway/runtime';
import type { ClusterConnections } from '../clusters/cluster-connections.ts';
import { createConcurrencyLimit } from '../clusters/concurrency-limit.ts';
import { describeFailure } from '../clusters/describe-failure.ts';
import { createFailureLog, type FailureLog } from '../clusters/failure-log.ts';
import { type LeaseCalls, type LeaseSweep, sweepLeases } from './sweep-leases.ts';

/** Sweeps over the leases of all backends: frees the slots of queries that are over, and counts queries without a lease. */
export type LeaseWatch = AsyncDisposable & {
  /** Replaces the list, disabled backends included: what runs there goes on, and ends. */
  setBackends(backends: readonly Backend[]): void;
  /** The gatewayserver was away: what was missing until now no longer counts. */
  forgetMissing(): void;
  /** Queries running there without a lease at the last sweep; undefined while unknown. */
  externalRunning(backendId: string): number | undefined;
};

export type LeaseWatchOptions = {
  connections: Pick<ClusterConnections, 'of' | 'withToken'>;
  admission: LeaseCalls;
  /** Between two sweeps over a backend without leases, in milliseconds. */
  intervalMs: number;
  /** For one sweep over one backend, in milliseconds. */
  timeLimitMs: number;
  logger: Logger;
  /** After each sweep that was answered. */
  onSweep: (backendId: string, sweep: LeaseSweep) => void;
};

/** Somebody may be waiting for the slot of a query that is over. */
const LEASED_INTERVAL_MS = 2_000;
const SWEEPS_AT_ONCE = 16;
const SWEEP_COUNTED_MS = 1_000;

type Watched = {
  backend: Backend;
  hasLeases: boolean;
  sweptAt: number;
  missingSince: ReadonlyMap<string, number>;
  externalRunning: number | undefined;
  sweeping: Promise<void> | undefined;
};

const NEVER_SWEPT: Omit<Watched, 'backend'> = {
  hasLeases: false,
  sweptAt: Number.NEGATIVE_INFINITY,
  missingSince: new Map(),
  externalRunning: undefined,
  sweeping: undefined,
};

/** Watches no backend yet. Disposal ends the sweeps that are under way. */
export function watchLeases(options: LeaseWatchOptions): LeaseWatch {
  const { logger, onSweep } = options;
  const watched = new Map<string, Watched>();
  const limit = createConcurrencyLimit(SWEEPS_AT_ONCE, SWEEP_COUNTED_MS);
  const failures = createFailureLog(
    'queries that hold a slot cannot be checked: slots of clients that died stay taken',
    logger,
  );

  const sweep = async (one: Watched, stopped: AbortSignal) => {
    const found = await sweepOne(one, stopped, failures, options);
    if (found && watched.get(one.backend.id) === one) onSweep(one.backend.id, found);
  };
  const isDue = ({ sweeping, hasLeases, sweptAt }: Watched) =>
    sweeping === undefined && (hasLeases || performance.now() - sweptAt >= options.intervalMs);
  const loop = every(
    Math.min(options.intervalMs, LEASED_INTERVAL_MS),
    'sweeping over the leases',
    logger,
    async (signal) => {
      for (const one of watched.values()) {
        if (!isDue(one)) continue;
        one.sweeping = limit
          .run(signal, () => sweep(one, signal))
          .catch(() => {}) // stopped while it waited for its turn
          .finally(() => {
            one.sweeping = undefined;
          });
      }
    },
  );
  return {
    setBackends: (backends) => {
      for (const id of replace(watched, backends)) failures.clear(id);
      loop.hurry();
    },
    forgetMissing: () => {
      for (const one of watched.values()) one.missingSince = new Map();
    },
    externalRunning: (backendId) => watched.get(backendId)?.externalRunning,
    [Symbol.asyncDispose]: async () => {
      const ended = loop[Symbol.asyncDispose]();
      await Promise.all([...watched.values()].map((one) => one.sweeping));
      await ended;
    },
  };
}

/** Sweeps once and notes what was found; undefined when there was no answer. */
async function sweepOne(
  one: Watched,
  stopped: AbortSignal,
  failures: FailureLog,
  { admission, connections, timeLimitMs, logger }: LeaseWatchOptions,
): Promise<LeaseSweep | undefined> {
  const { backend, missingSince } = one;
  const signal = AbortSignal.any([stopped, AbortSignal.timeout(timeLimitMs)]);
  const clusterFailed = (error: unknown) => failures.failed(backend.id, describeFailure(error, timeLimitMs));
  one.sweptAt = performance.now();
  try {
    const dispatcher = await connections.of(backend);
    const asked = await connections.withToken(backend);
    const found = await sweepLeases(admission, asked, missingSince, { timeLimitMs, signal, dispatcher });
    one.hasLeases = found.leases > 0;
    // Not what was forgotten, or replaced, meanwhile.
    if (one.missingSince === missingSince) one.missingSince = found.missingSince;
    one.externalRunning = found.externalRunning;
    if (found.problem === undefined) failures.clear(backend.id);
    else clusterFailed(found.problem);
    return found;
  } catch (error) {
    if (stopped.aborted) return undefined;
    one.externalRunning = undefined;
    if (error instanceof ConnectError) gatewayserverFailed(one, error, logger);
    else clusterFailed(error);
    return undefined;
  }
}

/** Whether the gatewayserver answers is logged by the loops that always call it. */
function gatewayserverFailed(one: Watched, error: ConnectError, logger: Logger): void {
  one.missingSince = new Map();
  // A gatewayserver without this service has no leases.
  if (error.code === Code.Unimplemented) one.hasLeases = false;
  else logger.debug('the leases of a backend cannot be read', { backend: one.backend.id, error: describeError(error) });
}

/** Takes over the list; a backend that moved to another address starts anew. @returns the ids that are gone */
function replace(watched: Map<string, Watched>, backends: readonly Backend[]): string[] {
  const ids = new Set(backends.map(({ id }) => id));
  const gone = [...watched.keys()].filter((id) => !ids.has(id));
  for (const id of gone) watched.delete(id);
  for (const backend of backends) {
    const old = watched.get(backend.id);
    if (old?.backend.url === backend.url) old.backend = backend;
    else watched.set(backend.id, { ...NEVER_SWEPT, backend });
  }
  return gone;
}
