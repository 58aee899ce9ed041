import { Gauge, Histogram, Registry } from 'prom-client';
import type { Finding } from './verdict.ts';

/** The monitor's metrics. */
export type MonitorMetrics = {
  registry: Registry;
  /** A look at a backend that took this long has ended. */
  found(finding: Finding, durationMs: number): void;
  /** The backend is no longer watched. */
  gone(backendId: string): void;
};

/** What is read when somebody asks for the figures. */
export type MetricSources = { reportsWaiting: () => number };

type Seen = { healthy: boolean; load: number | undefined; at: number };

/** A registry of its own, so that several monitors can run in one process. */
export function createMetrics({ reportsWaiting }: MetricSources): MonitorMetrics {
  const registry = new Registry();
  const registers = [registry];
  const seen = new Map<string, Seen>();
  const perBackend = (name: string, help: string, value: (one: Seen) => number | undefined) =>
    new Gauge({
      name: `trino_gateway_monitor_${name}`,
      help,
      labelNames: ['backend'],
      registers,
      collect() {
        this.reset();
        for (const [backend, one] of seen) {
          const current = value(one);
          if (current !== undefined) this.set({ backend }, current);
        }
      },
    });
  perBackend('backend_healthy', 'Whether a backend is healthy (1) or not (0).', ({ healthy }) => Number(healthy));
  perBackend('backend_load', 'Cluster load of a backend; absent while unknown.', ({ load }) => load);
  new Gauge({
    name: 'trino_gateway_monitor_sweep_seconds',
    help: 'Time in which every watched backend was looked at: the age of the oldest finding.',
    registers,
    collect() {
      const oldest = [...seen.values()].reduce((least, { at }) => Math.min(least, at), performance.now());
      this.set((performance.now() - oldest) / 1_000);
    },
  });
  new Gauge({
    name: 'trino_gateway_monitor_reports_waiting',
    help: 'Findings the gatewayserver has not been told yet.',
    registers,
    collect() {
      this.set(reportsWaiting());
    },
  });
  const probeSeconds = new Histogram({
    name: 'trino_gateway_monitor_probe_seconds',
    help: 'Duration of one look at one backend.',
    buckets: [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30],
    registers,
  });
  return {
    registry,
    found: ({ status: { backendId, healthy, clusterLoad } }, durationMs) => {
      seen.set(backendId, { healthy, load: clusterLoad, at: performance.now() });
      probeSeconds.observe(durationMs / 1_000);
    },
    gone: (backendId) => void seen.delete(backendId),
  };
}
