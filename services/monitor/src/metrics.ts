import { BackendStatus_StateSchema } from '@trino-gateway/api/gateway';
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import type { LeaseLook } from './leases/sweep-leases.ts';
import type { Finding } from './probing/assess-health.ts';

/** The monitor's metrics. */
export type MonitorMetrics = {
  registry: Registry;
  /** A look at a backend that took this long has ended. */
  found(finding: Finding, durationMs: number): void;
  /** A call of the gatewayserver has ended, with `ok` or the name of its error. */
  called(method: string, code: string, durationMs: number): void;
  /** A look at leases has given back so many slots. */
  settled(settled: LeaseLook['settled']): void;
  /** The backend is no longer watched. */
  gone(backendId: string): void;
};

/** What is read when somebody asks for the figures. */
export type MetricSources = {
  reportsWaiting: () => number;
  /** Undefined for a backend without a schedule. */
  scheduledUp: (backendId: string) => boolean | undefined;
  /** Undefined while unknown. */
  foreignRunning: (backendId: string) => number | undefined;
};

type Seen = Finding['status'] & { at: number };

const PREFIX = 'trino_gateway_monitor_';

/** A registry of its own, so that several monitors can run in one process. */
export function createMetrics({ reportsWaiting, scheduledUp, foreignRunning }: MetricSources): MonitorMetrics {
  const registry = new Registry();
  const registers = [registry];
  collectDefaultMetrics({ register: registry });
  const seen = new Map<string, Seen>();
  const perBackend = (name: string, help: string, value: (one: Seen) => number | undefined) =>
    new Gauge({
      name: PREFIX + name,
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
  perBackend('backend_load', 'Cluster load of a backend; absent while unknown.', ({ clusterLoad }) => clusterLoad);
  perBackend(
    'backend_running',
    'Queries running on a backend at the last look; absent while unknown.',
    (one) => one.running,
  );
  perBackend(
    'backend_queued',
    'Queries waiting in a backend at the last look; absent while unknown.',
    (one) => one.queued,
  );
  perBackend(
    'backend_scheduled_up',
    'Whether a backend is inside (1) or outside (0) its uptime schedule; absent without one.',
    ({ backendId }) => {
      const up = scheduledUp(backendId);
      return up === undefined ? undefined : Number(up);
    },
  );
  perBackend(
    'backend_foreign_running',
    'Queries running on a backend that hold no slot and are no probe, at the last look at slots; absent while unknown, and without limit and slots.',
    ({ backendId }) => foreignRunning(backendId),
  );
  const leasesSettled = new Counter({
    name: `${PREFIX}leases_settled_total`,
    help: 'Slots given back by a look: the cluster said that the query has ended (ended), has restarted since (restarted), or did not know it twice (lost).',
    labelNames: ['why'],
    registers,
  });
  new Gauge({
    name: `${PREFIX}sweep_seconds`,
    help: 'Time in which every watched backend was looked at: the age of the oldest finding.',
    registers,
    collect() {
      const oldest = [...seen.values()].reduce((least, { at }) => Math.min(least, at), performance.now());
      this.set((performance.now() - oldest) / 1_000);
    },
  });
  new Gauge({
    name: `${PREFIX}reports_waiting`,
    help: 'Findings the gatewayserver has not been told yet.',
    registers,
    collect() {
      this.set(reportsWaiting());
    },
  });
  const probes = new Counter({
    name: `${PREFIX}probes_total`,
    help: 'Looks at backends, by the state they found.',
    labelNames: ['result'],
    registers,
  });
  const probeSeconds = new Histogram({
    name: `${PREFIX}probe_seconds`,
    help: 'Duration of one look at one backend.',
    buckets: [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30],
    registers,
  });
  const rpcs = new Counter({
    name: `${PREFIX}rpc_total`,
    help: 'Calls of the gatewayserver, by method and code.',
    labelNames: ['method', 'code'],
    registers,
  });
  const rpcSeconds = new Histogram({
    name: `${PREFIX}rpc_seconds`,
    help: 'Duration of calls of the gatewayserver; WatchBackends is held there until something changes.',
    labelNames: ['method'],
    buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30],
    registers,
  });
  return {
    registry,
    found: ({ status }, durationMs) => {
      seen.set(status.backendId, { ...status, at: performance.now() });
      probes.inc({ result: BackendStatus_StateSchema.value[status.state]?.name ?? 'UNKNOWN' });
      probeSeconds.observe(durationMs / 1_000);
    },
    called: (method, code, durationMs) => {
      rpcs.inc({ method, code });
      rpcSeconds.observe({ method }, durationMs / 1_000);
    },
    settled: (settled) => {
      for (const [why, count] of Object.entries(settled)) if (count > 0) leasesSettled.inc({ why }, count);
    },
    gone: (backendId) => void seen.delete(backendId),
  };
}
