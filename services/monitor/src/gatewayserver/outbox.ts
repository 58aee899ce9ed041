import { Code, ConnectError } from '@connectrpc/connect';
import { createDelivery, describeError, every, type Logger } from '@trino-gateway/runtime';
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

type Entry = { key: string; tell: Tell };

const AT_ONCE = 16;
// The gatewayserver will not take it, however often it is told.
const HOPELESS = new Set([Code.NotFound, Code.InvalidArgument, Code.FailedPrecondition, Code.Unimplemented]);

/** Empty. It never holds more than one entry per key. Disposal gives up what waits. */
export function createOutbox({ standing, logger, retryMs = 1_000 }: OutboxOptions): Outbox {
  const delivery = createDelivery<Entry>({
    send: async ([entry], { signal }) => entry?.tell(signal),
    repeat: (run) => every(retryMs, 'reporting', logger, run),
    keyOf: ({ key }) => key,
    most: Number.POSITIVE_INFINITY,
    batch: 1,
    atOnce: AT_ONCE,
    isHurried: true,
    isRefused: (error) => HOPELESS.has(ConnectError.from(error).code),
    // A backend that was deleted a moment ago, for example.
    onRefused: ({ key }, error) =>
      logger.debug('the gatewayserver does not take a report', { key, error: describeError(error) }),
    onFailure: (error) => standing.fails('reporting', error),
    onRecovery: () => standing.works('reporting'),
  });
  return {
    put: (key, tell) => void delivery.add({ key, tell }),
    drop: delivery.forget,
    waiting: delivery.size,
    [Symbol.asyncDispose]: () => delivery[Symbol.asyncDispose](),
  };
}
