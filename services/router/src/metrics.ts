import type { ServerResponse } from 'node:http';
import { Counter, Gauge, Histogram, Registry } from 'prom-client';

/** What the figures are read from when somebody asks for them. */
export type MetricSources = {
  liveQueries: () => ReadonlyMap<string, number>;
  liveQueriesForgotten: () => number;
  historyBacklog: () => number;
  historyDropped: () => number;
  snapshotAgeMs: () => number | undefined;
};

/** The router's metrics: plain numbers while serving, turned into metrics when they are read. */
export type RouterMetrics = {
  registry: Registry;
  /** Counts this request when its answer has ended. */
  watch(response: ServerResponse): void;
  /** A call of Route was answered after this time. */
  routed(durationMs: number): void;
};

const KINDS = ['submit', 'poll', 'cancel', 'query', 'ui', 'info', 'other'] as const;
const CLASSES = ['hang_up', '1xx', '2xx', '3xx', '4xx', '5xx'] as const;

/** A registry of its own, so that several routers can run in one process. */
export function createMetrics(sources: MetricSources): RouterMetrics {
  const registry = new Registry();
  const registers = [registry];
  const requests = new Float64Array(KINDS.length * CLASSES.length);

  function closed(this: ServerResponse) {
    const answered = this.writableFinished ? Math.min(Math.floor(this.statusCode / 100), 5) : 0;
    const at = kindOf(this.req.method ?? '', this.req.url ?? '') * CLASSES.length + answered;
    requests[at] = (requests[at] ?? 0) + 1;
  }

  new Counter({
    name: 'router_requests_total',
    help: 'Requests of clients by kind and class of the status; hang_up: the client left before its answer was complete.',
    labelNames: ['kind', 'status'],
    registers,
    collect() {
      this.reset();
      for (const [at, count] of requests.entries())
        if (count > 0)
          this.inc(
            {
              kind: KINDS[Math.floor(at / CLASSES.length)] ?? 'other',
              status: CLASSES[at % CLASSES.length] ?? 'hang_up',
            },
            count,
          );
    },
  });
  new Gauge({
    name: 'router_live_queries',
    help: 'Queries this router has handed over and not seen the end of, by backend.',
    labelNames: ['backend'],
    registers,
    collect() {
      this.reset();
      for (const [backend, count] of sources.liveQueries()) this.set({ backend }, count);
    },
  });
  const read = (kind: typeof Counter | typeof Gauge, name: string, help: string, value: () => number | undefined) =>
    new kind({
      name,
      help,
      registers,
      collect() {
        this.reset();
        const current = value();
        if (current === undefined) this.remove();
        else this.inc(current);
      },
    });
  read(
    Counter,
    'router_live_queries_forgotten_total',
    'Live queries forgotten because there were too many.',
    sources.liveQueriesForgotten,
  );
  read(Gauge, 'router_history_backlog', 'Reports about queries not stored yet.', sources.historyBacklog);
  read(Counter, 'router_history_dropped_total', 'Reports about queries given up.', sources.historyDropped);
  read(Gauge, 'router_snapshot_age_seconds', 'Time since the gatewayserver last confirmed the configuration.', () => {
    const ageMs = sources.snapshotAgeMs();
    return ageMs === undefined ? undefined : ageMs / 1_000;
  });
  const routeSeconds = new Histogram({
    name: 'router_route_seconds',
    help: 'Time until the gatewayserver answered where a query goes.',
    buckets: [0.001, 0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1, 5],
    registers,
  });
  return {
    registry,
    watch: (response) => void response.once('close', closed),
    routed: (durationMs) => routeSeconds.observe(durationMs / 1_000),
  };
}

function kindOf(method: string, target: string): number {
  return KINDS.indexOf(
    target.startsWith('/v1/statement')
      ? method === 'DELETE'
        ? 'cancel'
        : /^\/v1\/statement\/?(\?|$)/.test(target)
          ? 'submit'
          : 'poll'
      : target.startsWith('/v1/query')
        ? 'query'
        : target.startsWith('/ui')
          ? 'ui'
          : target.startsWith('/v1/info')
            ? 'info'
            : 'other',
  );
}
