import type { GatewayserverConfig } from '@trino-gateway/config';
import type { Logger } from '@trino-gateway/runtime';
import type { Metrics } from '../metrics.ts';
import type { Store } from '../storage/store.ts';
import { eventsEndpoint } from './endpoint.ts';
import { createEventQueue } from './event-queue.ts';

type Parts = {
  config: Pick<GatewayserverConfig, 'events_token' | 'admin_token'>;
  store: Pick<Store, 'completeQueries'>;
  metrics: Pick<Metrics, 'countEvent' | 'countSettledEvents' | 'watchEvents'>;
  /** Told of each query that has ended, once its event was taken. */
  onCompleted: (trinoQueryId: string) => void;
  logger: Logger;
  /** Ends the queue, which stores what it has. */
  started: AsyncDisposableStack;
};

/** Serves the event listeners of Trino. Answers false for other paths. */
export function serveEvents({
  config,
  store,
  metrics,
  onCompleted,
  logger,
  started,
}: Parts): ReturnType<typeof eventsEndpoint> {
  const queue = started.use(
    createEventQueue({ complete: store.completeQueries, onSettled: metrics.countSettledEvents, logger }),
  );
  metrics.watchEvents(queue);
  const tokens = [config.events_token, config.admin_token].filter((token) => token !== undefined);
  const offer: typeof queue.offer = (report) => {
    const isTaken = queue.offer(report);
    if (isTaken) onCompleted(report.trinoQueryId);
    return isTaken;
  };
  return eventsEndpoint({ queue: { offer }, tokens, onAnswer: metrics.countEvent });
}
