import type { GatewayserverConfig } from '@trino-gateway/config';
import type { Logger } from '@trino-gateway/runtime';
import type { QueryStore } from '../storage/contract/queries.ts';
import { type EventAnswer, eventsEndpoint } from './endpoint.ts';
import { createEventQueue, type EventQueue, type Settled } from './event-queue.ts';

/** What is counted of events. */
export type EventMetrics = {
  /** How a post of an event listener was answered. */
  countEvent(answer: EventAnswer): void;
  /** What became of events that were accepted. */
  countSettledEvents(outcome: Settled, count: number): void;
  /** Shows how full the queue of events is. */
  watchEvents(queue: Pick<EventQueue, 'waiting' | 'early'>): void;
};

type Parts = {
  config: Pick<GatewayserverConfig, 'events_token' | 'admin_token'>;
  history: Pick<QueryStore, 'complete'>;
  metrics: EventMetrics;
  /** Called for each query that has ended, once its event was accepted. */
  onCompleted: (trinoQueryId: string) => void;
  logger: Logger;
  /** Disposes of the queue, which stores what it has. */
  started: AsyncDisposableStack;
};

/** Serves the event listeners of Trino. Answers false for other paths. */
export function serveEvents({
  config,
  history,
  metrics,
  onCompleted,
  logger,
  started,
}: Parts): ReturnType<typeof eventsEndpoint> {
  const queue = started.use(
    createEventQueue({ complete: history.complete, onSettled: metrics.countSettledEvents, logger }),
  );
  metrics.watchEvents(queue);
  const tokens = [config.events_token, config.admin_token].filter((token) => token !== undefined);
  const offer: typeof queue.offer = (report) => {
    const isAccepted = queue.offer(report);
    if (isAccepted) onCompleted(report.trinoQueryId);
    return isAccepted;
  };
  return eventsEndpoint({ queue: { offer }, tokens, onAnswer: metrics.countEvent });
}
