import type { connectNodeAdapter } from '@connectrpc/connect-node';
import type { GatewayserverConfig } from '@trino-gateway/config';
import type { Logger } from '@trino-gateway/runtime';
import type { Metrics } from '../metrics.ts';
import type { Store } from '../storage/store.ts';
import { eventsEndpoint } from './endpoint.ts';
import { createEventQueue } from './event-queue.ts';

type Handler = ReturnType<typeof connectNodeAdapter>;

type Parts = {
  config: Pick<GatewayserverConfig, 'events_token' | 'admin_token'>;
  store: Pick<Store, 'completeQueries'>;
  metrics: Pick<Metrics, 'countEvent' | 'countSettledEvents' | 'watchEvents'>;
  logger: Logger;
  /** Ends the queue, which stores what it has. */
  started: AsyncDisposableStack;
};

/** Serves the event listeners of Trino; what is none of theirs goes on to `next`. */
export function serveEvents({ config, store, metrics, logger, started }: Parts, next: Handler): Handler {
  const queue = started.use(
    createEventQueue({ complete: store.completeQueries, onSettled: metrics.countSettledEvents, logger }),
  );
  metrics.watchEvents(queue);
  const tokens = [config.events_token, config.admin_token].filter((token) => token !== undefined);
  // HTTP/2 requests look like HTTP/1.1 ones to all that is used here.
  return eventsEndpoint(
    { queue, tokens, onAnswer: metrics.countEvent },
    next as Parameters<typeof eventsEndpoint>[1],
  ) as Handler;
}
