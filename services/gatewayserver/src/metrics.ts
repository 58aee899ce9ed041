import type { DescMethod } from '@bufbuild/protobuf';
import { type Group_Strategy, Group_StrategySchema } from '@trino-gateway/api/gateway';
import { addBuildInfo, boundedLabels } from '@trino-gateway/runtime';
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import { type AdmissionMetrics, createAdmissionMetrics } from './admission/metrics.ts';
import type { StepHits } from './decisions/step-hits.ts';
import type { EventMetrics } from './events/serve.ts';
import type { Outcome } from './routing/outcome.ts';
import { createScalingMetrics, type ScalingMetrics } from './scaling/metrics.ts';
import { createQuestionMetrics, type QuestionMetrics } from './step-tools/metrics.ts';
import type { StoreObserver } from './storage/measured-store.ts';

/** What is read when metrics are scraped. */
export type MetricSources = {
  backendIds: () => Iterable<string>;
  isAvailable: (backendId: string) => boolean;
  /** How many routers cannot connect to it. */
  failingRouters: (backendId: string) => number;
  /** Queries the routers have live on a backend. */
  liveQueries: (backendId: string) => number;
  /** Since the monitor last reported; undefined where there is nothing to report about. */
  monitorAgeMs: () => number | undefined;
  isMonitorSilent: () => boolean;
  strategyOf: (groupId: string) => Group_Strategy | undefined;
  /** What the steps of the routing chain did since the start. */
  stepTotals: StepHits['totals'];
};

/** What the gatewayserver counts. */
export type Metrics = EventMetrics & {
  registry: Registry;
  /** About slots and queues. */
  admission: AdmissionMetrics;
  /** About autoscaling. */
  scaling: ScalingMetrics;
  /** About what routing steps ask outside of the gateway. */
  questions: QuestionMetrics;
  countDecision(outcome: Outcome): void;
  countCall(method: DescMethod, code: string, durationMs: number): void;
  countStore: StoreObserver;
  /** Rows of history that were deleted because of their age or number. */
  countPurged(rows: number): void;
  /** A backend answered with the query ids of another one. */
  countSuffixRefused(backendId: string): void;
};

const MOST_SERIES = 10_000;
const SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

/** A registry of its own, so that several servers fit into one process. */
export function createMetrics(sources: MetricSources): Metrics {
  const registry = new Registry();
  addBuildInfo(registry, 'gatewayserver');
  collectDefaultMetrics({ register: registry });
  const countDecision = decisionMetrics(registry, sources);
  const countCall = callMetrics(registry);
  const countStore = storeMetrics(registry);
  registerBackendGauges(registry, sources);
  registerMonitorGauges(registry, sources);
  registerStepCounters(registry, sources);
  const events = eventMetrics(registry);
  const countPurged = purgeMetrics(registry);
  const countSuffixRefused = suffixMetrics(registry);
  const admission = createAdmissionMetrics(registry);
  const questions = createQuestionMetrics(registry);
  const scaling = createScalingMetrics(registry);
  return {
    registry,
    admission,
    questions,
    scaling,
    countDecision,
    countCall,
    countStore,
    countPurged,
    countSuffixRefused,
    ...events,
  };
}

function decisionMetrics(registry: Registry, { strategyOf }: MetricSources): Metrics['countDecision'] {
  const bounded = boundedLabels(MOST_SERIES, ['group', 'policy']);
  const decisions = new Counter({
    name: 'trino_gateway_decisions_total',
    help: 'Decisions for new queries by outcome (chosen, waits for want of a backend, or the error name of a refusal), group, policy (empty: the default group) and strategy.',
    labelNames: ['outcome', 'group', 'policy', 'strategy'],
    registers: [registry],
  });
  const boundedFallbacks = boundedLabels(MOST_SERIES, ['group']);
  const fallbacks = new Counter({
    name: 'trino_gateway_fallbacks_total',
    help: 'Decisions for a fallback group, because no group the policies allow had an available backend.',
    labelNames: ['group'],
    registers: [registry],
  });
  return (outcome) => {
    if (outcome.kind === 'refused') {
      decisions.inc({ outcome: outcome.errorName, group: '', policy: '', strategy: '' });
      return;
    }
    const { groupId: group, policyId: policy, asFallback } = outcome;
    const strategy = Group_StrategySchema.value[strategyOf(group) ?? 0]?.name ?? '';
    decisions.inc(bounded({ outcome: outcome.kind, group, policy, strategy }));
    if (asFallback) fallbacks.inc(boundedFallbacks({ group }));
  };
}

function callMetrics(registry: Registry): Metrics['countCall'] {
  const calls = new Counter({
    name: 'trino_gateway_rpc_total',
    help: 'Calls answered, by method and code.',
    labelNames: ['service', 'method', 'code'],
    registers: [registry],
  });
  const seconds = new Histogram({
    name: 'trino_gateway_rpc_seconds',
    help: 'Duration of calls; watches hold their answer back on purpose.',
    labelNames: ['service', 'method'],
    buckets: SECONDS,
    registers: [registry],
  });
  return (method, code, durationMs) => {
    const labels = { service: method.parent.typeName, method: method.name };
    calls.inc({ ...labels, code });
    seconds.observe(labels, durationMs / 1_000);
  };
}

function storeMetrics(registry: Registry): StoreObserver {
  const seconds = new Histogram({
    name: 'trino_gateway_store_seconds',
    help: 'Duration of operations of the database, by whether they succeeded.',
    labelNames: ['operation', 'result'],
    buckets: SECONDS,
    registers: [registry],
  });
  return (operation, durationMs, failed) =>
    seconds.observe({ operation, result: failed ? 'failed' : 'ok' }, durationMs / 1_000);
}

function registerBackendGauges(registry: Registry, sources: MetricSources): void {
  const perBackend = (name: string, help: string, value: (backendId: string) => number) =>
    new Gauge({
      name: `trino_gateway_backend_${name}`,
      help,
      labelNames: ['backend'],
      registers: [registry],
      collect() {
        this.reset();
        for (const backend of sources.backendIds()) this.set({ backend }, value(backend));
      },
    });
  const available = 'Whether a backend takes new queries (1) or not (0).';
  perBackend('available', available, (id) => Number(sources.isAvailable(id)));
  const failing = 'Routers that cannot connect to a backend, and that nobody has contradicted.';
  perBackend('failing_routers', failing, sources.failingRouters);
  perBackend('live_queries', 'Queries the routers have live on a backend.', sources.liveQueries);
}

function registerMonitorGauges(registry: Registry, { monitorAgeMs, isMonitorSilent }: MetricSources): void {
  new Gauge({
    name: 'trino_gateway_monitor_silent',
    help: 'Whether the monitor has not reported for gatewayserver.load_max_age (1): an alarm.',
    registers: [registry],
    collect() {
      this.set(Number(isMonitorSilent()));
    },
  });
  new Gauge({
    name: 'trino_gateway_monitor_report_age_seconds',
    help: 'Time since the last report of the monitor about any enabled backend, at most since the start of this process.',
    registers: [registry],
    collect() {
      this.set((monitorAgeMs() ?? 0) / 1_000);
    },
  });
}

function registerStepCounters(registry: Registry, { stepTotals }: MetricSources): void {
  const bounded = boundedLabels(MOST_SERIES, ['step', 'rule', 'did']);
  new Counter({
    name: 'trino_gateway_routing_total',
    help: 'What the steps of the routing chain did for new queries, and their rules (empty: the step itself): decided, abstained, refused, failed or observed.',
    labelNames: ['step', 'rule', 'did'],
    registers: [registry],
    // Counted without labels while queries are decided.
    collect() {
      this.reset();
      for (const { stepId: step, ruleId: rule, did, hits } of stepTotals())
        this.inc(bounded({ step, rule, did }), hits);
    },
  });
}

function eventMetrics(registry: Registry): EventMetrics {
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
  return {
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
  };
}

function purgeMetrics(registry: Registry): Metrics['countPurged'] {
  const purged = new Counter({
    name: 'trino_gateway_history_purged_total',
    help: 'Queries deleted from history because of their age or number.',
    registers: [registry],
  });
  return (rows) => purged.inc(rows);
}

function suffixMetrics(registry: Registry): Metrics['countSuffixRefused'] {
  const bounded = boundedLabels(MOST_SERIES, ['backend']);
  const refused = new Counter({
    name: 'trino_gateway_suffixes_refused_total',
    help: "Times a backend was reported with another one's query ids, which stay where they were: one coordinator has one url.",
    labelNames: ['backend'],
    registers: [registry],
  });
  return (backend) => refused.inc(bounded({ backend }));
}
