import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import type { Backend, BackendEvidence } from '@trino-gateway/api/gateway';
import { describeError, type Logger, pause } from '@trino-gateway/runtime';
import type { ClusterConnections } from '../clusters/cluster-connections.ts';
import { createConcurrencyLimit } from '../clusters/concurrency-limit.ts';
import { createFailureLog, type FailureLog } from '../clusters/failure-log.ts';
import { createBackendWatches } from '../gatewayserver/backend-watches.ts';
import { askEvidence } from './ask-evidence.ts';
import { unknown } from './read-evidence.ts';

/** Asks draining clusters what ties them, until they are sealed. */
export type DrainWatch = AsyncDisposable & {
  /** Replaces the list, disabled backends included. */
  setBackends(backends: readonly Backend[]): void;
};

/** What a cluster said, and when it was asked on the clock of `performance.now()`. */
export type Evidence = { said: BackendEvidence; askedAt: number };

export type DrainWatchOptions = {
  connections: Pick<ClusterConnections, 'of' | 'withToken'>;
  /** For one round of questions to one cluster, in milliseconds. */
  timeLimitMs: number;
  /** Between two rounds of questions to a cluster that does not answer, in milliseconds. */
  intervalMs: number;
  logger: Logger;
  /** After each round of questions; undefined when the backend drains no longer, is sealed, or gone. */
  onEvidence: (backend: Pick<Backend, 'id'>, evidence: Evidence | undefined) => void;
};

/** Somebody waits for the end of the drain. */
const ASKED_EVERY_MS = 1_000;
const ROUNDS_AT_ONCE = 16;
const ROUND_COUNTED_MS = 1_000;

/** Watches no backend yet. Disposal ends the questions that are under way. */
export function watchDrains(options: DrainWatchOptions): DrainWatch {
  const limit = createConcurrencyLimit(ROUNDS_AT_ONCE, ROUND_COUNTED_MS);
  const failures = createFailureLog(
    'what ties a draining backend cannot be asked: it does not count as drained',
    options.logger,
  );
  const watches = createBackendWatches({
    isWatched: isDraining,
    watch: (backend, after) => watchDrain(backend, after, (signal, task) => limit.run(signal, task), failures, options),
    onRemoved: (id) => {
      failures.clear(id);
      options.onEvidence({ id }, undefined);
    },
  });
  return { setBackends: watches.update, [Symbol.asyncDispose]: () => watches[Symbol.asyncDispose]() };
}

/** As the gatewayserver says; one of an earlier version says nothing, and asks nothing. */
function isDraining({ condition }: Backend): boolean {
  return condition?.draining === true && !condition.sealed;
}

type Run = (signal: AbortSignal, task: () => Promise<Evidence>) => Promise<Evidence>;

/** Asks one cluster again and again; rounds never overlap. */
function watchDrain(
  backend: Backend,
  after: Promise<void> | undefined,
  run: Run,
  failures: FailureLog,
  options: DrainWatchOptions,
): AsyncDisposable {
  const stop = new AbortController();
  const { signal } = stop;
  const loop = async () => {
    await after;
    while (!signal.aborted) {
      const evidence = await run(signal, () => askOnce(backend, signal, options));
      signal.throwIfAborted();
      const { queries, transactions } = evidence.said;
      const problem = queries?.problem || transactions?.problem;
      if (problem) failures.failed(backend.id, problem);
      else failures.clear(backend.id);
      options.onEvidence(backend, evidence);
      const isAnswered = evidence.said.coordinatorId !== '';
      await pause(isAnswered ? ASKED_EVERY_MS : Math.max(ASKED_EVERY_MS, options.intervalMs), signal);
    }
  };
  const running = loop().catch((error: unknown) => {
    if (!signal.aborted) throw error;
  });
  return {
    [Symbol.asyncDispose]: () => {
      stop.abort();
      return running;
    },
  };
}

async function askOnce(
  backend: Backend,
  signal: AbortSignal,
  { connections, timeLimitMs }: DrainWatchOptions,
): Promise<Evidence> {
  const [askedAt, clock] = [performance.now(), Date.now()];
  const ask = async () => {
    const dispatcher = await connections.of(backend);
    return askEvidence(await connections.withToken(backend), { timeLimitMs, signal, dispatcher });
  };
  // A TLS or token file that cannot be read, say.
  const said = await ask().catch((error: unknown) => {
    signal.throwIfAborted();
    return unknown(describeError(error));
  });
  said.askedAt = timestampFromMs(clock);
  return { said, askedAt };
}
