import type { RouterConfig } from '@trino-gateway/config';
import type { Logger } from '@trino-gateway/runtime';
import { trustOf } from '../http/trusted-proxies.ts';
import { boundsOf } from '../limits/bounds.ts';
import { type ByteBudget, createByteBudget } from '../limits/byte-budget.ts';
import { type ConnectionLimit, createConnectionLimit } from '../limits/connection-limit.ts';
import { createRequestLimits, type RequestLimits } from '../limits/request-limits.ts';
import type { Room } from '../limits/room.ts';
import { sharesOf } from '../limits/shares.ts';
import { CHECK_EVERY_MS, createUnfinishedHeads, type UnfinishedHeads } from '../limits/unfinished-heads.ts';
import { createRequestOrder, type RequestOrder } from './request-order.ts';

/** What bounds all that clients send, of all listeners together. Disposal ends the watch over arriving heads. */
export type Intake = Disposable & {
  connections: ConnectionLimit;
  requests: RequestLimits;
  order: RequestOrder;
  /** What requests under way may hold of what clients sent. */
  bytes: ByteBudget;
  heads: UnfinishedHeads;
  /** How many requests were refused, by the limit they were beyond. */
  refused(): ReadonlyMap<string, number>;
  /** Takes the limits that are configured now: they hold for what comes. */
  resize(): void;
};

/** Of the connections of clients. */
export function createClientConnectionLimit(config: RouterConfig, logger: Logger): ConnectionLimit {
  const { connections, connectionsPerClient } = boundsOf(config);
  return createConnectionLimit(connections, logger, {
    mostPerClient: connectionsPerClient,
    isProxy: trustOf(config.trusted_proxies),
  });
}

/** What several processes of one router share. */
export type SharedIntake = { connections: ConnectionLimit; clients: Room; backends: Room; bytes: Room };

/**
 * As configured; what is not follows from the heap.
 * @param shared with other processes; default: all is this one's own
 */
export function createIntake(config: RouterConfig, logger: Logger, shared?: SharedIntake): Intake {
  const bounds = boundsOf(config);
  const connections = shared?.connections ?? createClientConnectionLimit(config, logger);
  const requests = createRequestLimits(
    bounds,
    logger,
    shared && { clients: sharesOf(shared.clients), backends: sharesOf(shared.backends) },
  );
  const order = createRequestOrder(bounds.waitingRequests);
  const bytes = createByteBudget(bounds.bytes, bounds.bytesPerClient, shared?.bytes);
  const heads = createUnfinishedHeads(bytes);
  const checking = setInterval(heads.check, CHECK_EVERY_MS);
  return {
    connections,
    requests,
    order,
    bytes,
    heads,
    refused: () =>
      new Map<string, number>([
        ...requests.refused(),
        ['waiting', order.refused()],
        ['bytes', bytes.refused()],
        ['heads', heads.refused()],
      ]),
    resize: () => {
      const next = boundsOf(config);
      connections.resize(next.connections, next.connectionsPerClient);
      requests.resize(next);
      bytes.resize(next.bytes, next.bytesPerClient);
    },
    [Symbol.dispose]: () => clearInterval(checking),
  };
}
