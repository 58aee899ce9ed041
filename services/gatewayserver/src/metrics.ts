import type { DescMethod } from '@bufbuild/protobuf';
import { Counter, collectDefaultMetrics, Registry } from 'prom-client';
import type { Outcome } from './routing/decide.ts';

/** What the gatewayserver counts. */
export type Metrics = {
  registry: Registry;
  countDecision(outcome: Outcome): void;
  countCall(method: DescMethod, code: string): void;
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
  return {
    registry,
    countDecision: (outcome) =>
      outcome.kind === 'chosen'
        ? decisions.inc({ outcome: 'chosen', group: outcome.groupId, backend: outcome.backend.id })
        : decisions.inc({ outcome: outcome.errorName, group: '', backend: '' }),
    countCall: (method, code) => calls.inc({ service: method.parent.typeName, method: method.name, code }),
  };
}
