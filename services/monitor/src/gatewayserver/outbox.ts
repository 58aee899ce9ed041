import { Code, ConnectError } from '@connectrpc/connect';
import { createDelivery, describeError, every, type Logger } from '@trino-gateway/runtime';
import type { ConnectionState } from './connection-state.ts';

/** One call of the gatewayserver, safe to repeat. */
type Send = (signal: AbortSignal) => Promise<unknown>;

/** Reports to the gatewayserver, now or when it is back. */
export type Outbox = AsyncDisposable & {
  /** Replaces what waits under the same key: only the newest is sent. */
  put(key: string, send: Send): void;
  /** What waits under a key is no longer of interest. */
  drop(key: string): void;
  /** How many wait. */
  waiting(): number;
};

export type OutboxOptions = {
  connection: ConnectionState;
  logger: Logger;
};

type Entry = { key: string; send: Send };

const AT_ONCE = 16;
const RETRY_MS = 1_000;
// Sending it again would be refused again.
const REFUSALS = new Set([Code.NotFound, Code.InvalidArgument, Code.FailedPrecondition, Code.Unimplemented]);

/** Empty. It never holds more than one entry per key. Disposal gives up what waits. */
export function createOutbox({ connection, logger }: OutboxOptions): Outbox {
  const delivery = createDelivery<Entry>({
    send: async ([entry], { signal }) => entry?.send(signal),
    repeat: (run) => every(RETRY_MS, 'reporting', logger, run),
    keyOf: ({ key }) => key,
    most: Number.POSITIVE_INFINITY,
    batch: 1,
    atOnce: AT_ONCE,
    isHurried: true,
    isRefused: (error) => REFUSALS.has(ConnectError.from(error).code),
    // A backend that was deleted a moment ago, for example.
    onRefused: ({ key }, error) =>
      logger.debug('the gatewayserver does not accept a report', { key, error: describeError(error) }),
    onFailure: (error) => connection.failed('reporting', error),
    onRecovery: () => connection.succeeded('reporting'),
  });
  return {
    put: (key, send) => void delivery.add({ key, send }),
    drop: delivery.forget,
    waiting: delivery.size,
    [Symbol.asyncDispose]: () => delivery[Symbol.asyncDispose](),
  };
}
