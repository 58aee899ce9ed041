import type { Socket } from 'node:net';
import { getHeapStatistics } from 'node:v8';
import type { Logger } from '@trino-gateway/runtime';

/** The connections of clients of all listeners: a router that took all it is offered would run out of memory, and lose them all. */
export type ConnectionLimit = {
  /** Counts it until it is closed; false when there are too many, and this one is to be refused. */
  admits(socket: Socket): boolean;
  open(): number;
  refused(): number;
};

/** A waiting client takes a third of it; the rest is for what comes in a burst. */
const HEAP_BYTES_EACH = 65_536;
const SAID_AGAIN_AFTER_MS = 60_000;

/** @param most `router.max_connections`; 0 is as many as the heap may hold */
export function createConnectionLimit(most: number, logger: Logger, now = () => performance.now()): ConnectionLimit {
  const limit = most || Math.floor(getHeapStatistics().heap_size_limit / HEAP_BYTES_EACH);
  let open = 0;
  let refused = 0;
  let saidAt = Number.NEGATIVE_INFINITY;
  return {
    admits: (socket) => {
      if (open < limit) {
        open += 1;
        socket.once('close', () => {
          open -= 1;
        });
        return true;
      }
      refused += 1;
      if (now() - saidAt >= SAID_AGAIN_AFTER_MS) {
        saidAt = now();
        logger.warn(
          'connections of clients are refused: start more routers, give them more memory, or see router.max_connections',
          { limit },
        );
      }
      return false;
    },
    open: () => open,
    refused: () => refused,
  };
}
