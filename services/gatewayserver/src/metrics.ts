import type { DescMethod } from '@bufbuild/protobuf';
import { Counter, collectDefaultMetrics, Gauge, Registry } from 'prom-client';
import type { EventAnswer } from './events/endpoint.ts';
import type { EventQueue, Settled } from './events/event-queue.ts';
import type { Outcome } from './routing/decide.ts';

/** What the gatewayserver counts. */
export type Metrics = {
  registry: Registry;
  countDecision(outcome: Outcome): void;
  countCall(method: DescMethod, code: string): void;
  /** How a post of an event listener was answered. */
  countEvent(answer: EventAnswer): void;
  /** What became of events that were taken. */
  countSettledEvents(outcome: Settled, count: number): void;
  /** Shows how full the queue of events is. */
  watchEvents(queue: EventQueue): void;
  /** Rows of history that were deleted because of their age or number. */
  countPurged(rows: number): void;
};

/** A registry of its own, so that several servers fit into one process. */
export function createMetrics(): Metrics {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const decisions = new Counter({
    name: 'trino_gateway_decisions_total',
    help: 'Decisions made for new queries; refused ones have no group and no backend.',
    labelNames: ['outcome', 'group', 'backend'],
    registers: [registry],
  });
  const calls = new Counter({
    name: 'trino_gateway_rpc_total',
    help: 'Calls answered, by method and code.',
    labelNames: ['service', 'method', 'code'],
    registers: [registry],
  });
  const events = new Counter({
    name: 'trino_gateway_events_total',
    help: 'Posts of event listeners, by answer.',
    labelNames: ['answer'],
    registers: [registry],
  });
  const settled = new Counter({
    name: 'trino_gateway_events_settled_total',
    help: 'Events that were taken: stored, about queries that are not ours, or lost.',
    labelNames: ['outcome'],
    registers: [registry],
  });
  const purged = new Counter({
    name: 'trino_gateway_history_purged_total',
    help: 'Queries deleted from history because of their age or number.',
    registers: [registry],
  });
  return {
    registry,
    countDecision: (outcome) =>
      outcome.kind === 'chosen'
        ? decisions.inc({ outcome: 'chosen', group: outcome.groupId, backend: outcome.backend.id })
        : decisions.inc({ outcome: outcome.errorName, group: '', backend: '' }),
    countEvent: (answer) => events.inc({ answer }),
    countSettledEvents: (outcome, count) => settled.inc({ outcome }, count),
    watchEvents(queue) {
      const states = { waiting: queue.waiting, early: queue.early };
      new Gauge({
        name: 'trino_gateway_events_kept',
        help: 'Events in memory: waiting for the database, or early, ahead of the word of their router.',
        labelNames: ['state'],
        registers: [registry],
        collect() {
          for (const [state, count] of Object.entries(states)) this.set({ state }, count());
        },
      });
    },
    countPurged: (rows) => purged.inc(rows),
    countCall: (method, code) => calls.inc({ service: method.parent.typeName, method: method.name, code }),
  };
}
