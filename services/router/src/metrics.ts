import { addBuildInfo, boundedLabels } from '@trino-gateway/runtime';
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import type { AssignResult, SubmissionResult } from './dispatch/results.ts';
import { countRequests, type RequestCounts } from './http/request-metrics.ts';

/** Where the values come from when the metrics are read. */
export type MetricSources = {
  liveQueries: () => ReadonlyMap<string, number>;
  liveQueriesForgotten: () => number;
  heldPolls: () => number;
  connections: () => number;
  connectionsRefused: () => number;
  requestsUnderWay: () => number;
  requestsAtBackends: () => number;
  requestsWaiting: () => number;
  statementBytes: () => number;
  requestsRefused: () => ReadonlyMap<string, number>;
  historyBacklog: () => number;
  historyDropped: () => number;
  snapshotAgeMs: () => number | undefined;
};

/** The router's metrics. What is counted often is a plain number until the metrics are read. */
export type RouterMetrics = RequestCounts & {
  registry: Registry;
  /** A submission that came in by this listener has this result; the group is empty when none was chosen. */
  submitted(listeningPort: number, groupId: string, result: SubmissionResult): void;
  /** A poll of a queued query was answered that it still waits. */
  queuedPage(): void;
  /** A queued query was assigned to a cluster, with this result. */
  handedOver(groupId: string, result: AssignResult): void;
  /** This backend claims query ids or a transaction of another backend. */
  contradicted(backendId: string): void;
  /** A call of Route was answered after this time. */
  routed(durationMs: number): void;
};

const MOST_SERIES = 5_000;

/** A registry of its own, so that several routers can run in one process. The order is that of docs/metrics.md. */
export function createMetrics(sources: MetricSources): RouterMetrics {
  const registry = new Registry();
  addBuildInfo(registry, 'router');
  collectDefaultMetrics({ register: registry });
  const requests = countRequests(registry);
  const submitted = countSubmissions(registry);
  readQueries(registry, sources);
  readLoad(registry, sources);
  const waiting = countWaiting(registry, sources);
  const contradicted = countContradictions(registry);
  const routeSeconds = new Histogram({
    name: 'trino_gateway_router_route_seconds',
    help: 'Time until the gatewayserver answered where a query goes.',
    buckets: [0.001, 0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1, 5],
    registers: [registry],
  });
  return {
    registry,
    ...requests,
    submitted,
    ...waiting,
    contradicted,
    routed: (durationMs) => routeSeconds.observe(durationMs / 1_000),
  };
}

function countSubmissions(registry: Registry): RouterMetrics['submitted'] {
  const bounded = boundedLabels(MOST_SERIES, ['group']);
  const submissions = new Counter({
    name: 'trino_gateway_router_submissions_total',
    help: 'Submissions by port of the listener, group (empty: none was chosen) and what became of them.',
    labelNames: ['listener', 'group', 'result'],
    registers: [registry],
  });
  return (listeningPort, groupId, result) =>
    submissions.inc(bounded({ listener: String(listeningPort), group: groupId, result }));
}

/** Live queries, their reports, and the age of the configuration. */
function readQueries(registry: Registry, sources: MetricSources): void {
  new Gauge({
    name: 'trino_gateway_router_live_queries',
    help: 'Queries this router has handed over and not seen the end of, by backend.',
    labelNames: ['backend'],
    registers: [registry],
    collect() {
      this.reset();
      for (const [backend, count] of sources.liveQueries()) this.set({ backend }, count);
    },
  });
  const forgotten = 'Live queries forgotten because there were too many.';
  read(registry, Counter, 'trino_gateway_router_live_queries_forgotten_total', forgotten, sources.liveQueriesForgotten);
  read(
    registry,
    Gauge,
    'trino_gateway_router_history_backlog',
    'Reports about queries not stored yet.',
    sources.historyBacklog,
  );
  read(
    registry,
    Counter,
    'trino_gateway_router_history_dropped_total',
    'Reports about queries given up.',
    sources.historyDropped,
  );
  addSnapshotAge(registry, sources.snapshotAgeMs);
}

/** The age of the configuration; undefined while there is none. */
export function addSnapshotAge(registry: Registry, snapshotAgeMs: () => number | undefined): void {
  const confirmed = 'Time since the gatewayserver last confirmed the configuration.';
  read(registry, Gauge, 'trino_gateway_router_snapshot_age_seconds', confirmed, () => {
    const ageMs = snapshotAgeMs();
    return ageMs === undefined ? undefined : ageMs / 1_000;
  });
}

/** The processes that serve clients. */
export function addWorkerMetrics(registry: Registry, sources: { workers: () => number; restarts: () => number }): void {
  const workers = 'Processes that serve clients: see router.workers.';
  read(registry, Gauge, 'trino_gateway_router_workers', workers, sources.workers);
  const restarts = 'Workers that ended and were followed by another one.';
  read(registry, Counter, 'trino_gateway_router_worker_restarts_total', restarts, sources.restarts);
}

/** The load of the router, and what was refused because of it. */
function readLoad(registry: Registry, sources: MetricSources): void {
  const figures: [typeof Counter | typeof Gauge, name: string, help: string, value: () => number][] = [
    [Gauge, 'trino_gateway_router_connections', 'Connections of clients, idle ones too.', sources.connections],
    [
      Counter,
      'trino_gateway_router_connections_refused_total',
      'Connections of clients answered 503 because there were too many: see router.max_connections.',
      sources.connectionsRefused,
    ],
    [
      Gauge,
      'trino_gateway_router_requests_under_way',
      'Requests of clients that are being answered.',
      sources.requestsUnderWay,
    ],
    [
      Gauge,
      'trino_gateway_router_backend_requests_under_way',
      'Requests to clusters that have not been answered to their end; each holds a connection.',
      sources.requestsAtBackends,
    ],
    [
      Gauge,
      'trino_gateway_router_requests_waiting',
      'Requests that wait for the answer to an earlier one on their connection.',
      sources.requestsWaiting,
    ],
    [
      Gauge,
      'trino_gateway_router_statement_bytes_under_way',
      'Bytes of statements, and of long request heads, of requests under way.',
      sources.statementBytes,
    ],
  ];
  for (const figure of figures) read(registry, ...figure);
  new Counter({
    name: 'trino_gateway_router_requests_refused_total',
    help: 'Requests refused because there were too many, by the limit: all, client (of one address), backend (of one), all_backends, waiting (on their connections), bytes (of statements under way), heads (that were still arriving).',
    labelNames: ['limit'],
    registers: [registry],
    collect() {
      this.reset();
      for (const [limit, count] of sources.requestsRefused()) this.inc({ limit }, count);
    },
  });
}

function countWaiting(registry: Registry, sources: MetricSources): Pick<RouterMetrics, 'queuedPage' | 'handedOver'> {
  read(
    registry,
    Gauge,
    'trino_gateway_router_held_polls',
    'Polls of waiting queries held at this moment.',
    sources.heldPolls,
  );
  const queuedPages = new Counter({
    name: 'trino_gateway_router_queued_pages_total',
    help: 'Polls of waiting queries that were answered that they still wait.',
    registers: [registry],
  });
  const bounded = boundedLabels(MOST_SERIES, ['group']);
  const handOvers = new Counter({
    name: 'trino_gateway_router_hand_overs_total',
    help: 'Attempts to give a query that had waited to a cluster, by group and what came of it.',
    labelNames: ['group', 'result'],
    registers: [registry],
  });
  return {
    queuedPage: () => queuedPages.inc(),
    handedOver: (group, result) => handOvers.inc(bounded({ group, result })),
  };
}

function countContradictions(registry: Registry): RouterMetrics['contradicted'] {
  const bounded = boundedLabels(MOST_SERIES, ['backend']);
  const contradictions = new Counter({
    name: 'trino_gateway_router_contradictions_total',
    help: "Answers of a backend that claim another one's query ids or transactions: ids are refused, a transaction stays where it is.",
    labelNames: ['backend'],
    registers: [registry],
  });
  return (backend) => contradictions.inc(bounded({ backend }));
}

/** A value that is read when the metrics are; left out while it is undefined. */
function read(
  registry: Registry,
  kind: typeof Counter | typeof Gauge,
  name: string,
  help: string,
  value: () => number | undefined,
): void {
  new kind({
    name,
    help,
    registers: [registry],
    collect() {
      this.reset();
      const current = value();
      if (current === undefined) this.remove();
      else this.inc(current);
    },
  });
}
