import { Code, ConnectError } from '@connectrpc/connect';
import { describeError, type Logger, pause } from '@trino-gateway/runtime';
import type { Standing } from './connection-state.ts';

/** One call of the gatewayserver, safe to repeat. */
type Tell = (signal: AbortSignal) => Promise<unknown>;

/** Tells the gatewayserver, now or when it is back. */
export type Outbox = AsyncDisposable & {
  /** Takes the place of what waits under the same key: only the newest is told. */
  put(key: string, tell: Tell): void;
  /** What waits under a key is no longer of interest. */
  drop(key: string): void;
  /** How much waits. */
  waiting(): number;
};

export type OutboxOptions = {
  standing: Standing;
  logger: Logger;
  /** Pause after a failure, in milliseconds; default 1 s. */
  retryMs?: number;
};

const AT_ONCE = 16;
// The gatewayserver will not take it, however often it is told.
const HOPELESS = new Set([Code.NotFound, Code.InvalidArgument, Code.FailedPrecondition, Code.Unimplemented]);

/** Empty. It never holds more than one entry per key. Disposal gives up what waits. */
export function createOutbox({ standing, logger, retryMs = 1_000 }: OutboxOptions): Outbox {
  const entries = new Map<string, Tell>();
  const stop = new AbortController();
  const { signal } = stop;
  let wake = () => {};

  /** What keeps an entry from being told for now; undefined when it is settled. */
  const attempt = async ([key, tell]: [string, Tell]): Promise<unknown> => {
    try {
      await tell(signal);
    } catch (error) {
      if (signal.aborted) return undefined;
      if (!HOPELESS.has(ConnectError.from(error).code)) return error;
      // A backend that was deleted a moment ago, for example.
      logger.debug('the gatewayserver does not take a report', { key, error: describeError(error) });
    }
    if (entries.get(key) === tell) entries.delete(key);
    return undefined;
  };
  const run = async () => {
    while (!signal.aborted) {
      if (entries.size === 0) {
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
        continue;
      }
      const failures = await Promise.all([...entries].slice(0, AT_ONCE).map(attempt));
      const failure = failures.find((error) => error !== undefined);
      if (signal.aborted) return;
      if (failure === undefined) standing.works('reporting');
      else {
        standing.fails('reporting', failure);
        await pause(retryMs, signal);
      }
    }
  };
  const running = run();
  return {
    put: (key, tell) => {
      // Goes to the end: with many waiting, each gets its turn.
      entries.delete(key);
      entries.set(key, tell);
      wake();
    },
    drop: (key) => void entries.delete(key),
    waiting: () => entries.size,
    [Symbol.asyncDispose]: () => {
      stop.abort();
      wake();
      return running;
    },
  };
}
