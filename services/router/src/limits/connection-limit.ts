import type { Socket } from 'node:net';
import type { Logger } from '@trino-gateway/runtime';
import { connectionsOf } from './bounds.ts';
import { onceAMinute } from './once-a-minute.ts';
import { createShares, ownerOfAddress } from './shares.ts';

/** Bounds the connections of clients over all listeners: without it a router could run out of memory, and lose them all. */
export type ConnectionLimit = {
  /** Counts the connection until it is closed; false when there are too many, and this one must be refused. */
  admits(socket: Socket): boolean;
  /** The same for a connection from this address, until the function that it gives is called, once; undefined when there are too many. */
  take(address: string): (() => void) | undefined;
  open(): number;
  refused(): number;
  /** From now on so many are admitted; none is closed. */
  resize(most: number, mostPerClient: number): void;
};

export type ConnectionLimitOptions = {
  /** How many one client address may have; default as many as all together. */
  mostPerClient?: number;
  /** Whether the address is a proxy that speaks for many clients: it has no share of its own. */
  isProxy?: (address: string) => boolean;
  now?: () => number;
};

/** @param most of all clients; 0 means as many as the heap can hold */
export function createConnectionLimit(
  most: number,
  logger: Logger,
  options: ConnectionLimitOptions = {},
): ConnectionLimit {
  let limit = most || connectionsOf();
  let limitPerClient = options.mostPerClient ?? limit;
  const shares = createShares(limit, limitPerClient);
  let refused = 0;
  const warn = onceAMinute(
    () =>
      logger.warn(
        'connections of clients are refused: start more routers, give them more memory, or see router.max_connections',
        { limit, limitPerClient },
      ),
    options.now ?? (() => performance.now()),
  );
  const take: ConnectionLimit['take'] = (remoteAddress) => {
    const address = remoteAddress.replace(/^::ffff:(?=\d+\.)/i, '');
    const taken = shares.take(options.isProxy?.(address) === true ? undefined : ownerOfAddress(address));
    if (typeof taken === 'function') return taken;
    refused += 1;
    warn();
    return undefined;
  };
  return {
    take,
    admits: (socket) => {
      const close = take(socket.remoteAddress ?? '');
      if (close !== undefined) socket.once('close', close);
      return close !== undefined;
    },
    open: shares.taken,
    refused: () => refused,
    resize: (all, perClient) => {
      limit = all;
      limitPerClient = perClient;
      shares.resize(all, perClient);
    },
  };
}
