import { BackendStatus_StateSchema } from '@trino-gateway/api/gateway';
import { addBuildInfo } from '@trino-gateway/runtime';
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import { createDiscoveryMetrics, type DiscoveryMetrics } from './discovery/discovery-metrics.ts';
import type { LeaseSweep } from './leases/sweep-leases.ts';
import type { HealthAssessment } from './probing/assess-health.ts';
import { createScalingMetrics, type ScalingMetrics } from './scaling/scaling-metrics.ts';

/** The monitor's metrics. */
export type MonitorMetrics = {
  registry: Registry;
  /** A probe of a backend that took this long has ended. */
  assessed(assessment: HealthAssessment, durationMs: number): void;
  /** A call of the gatewayserver has ended, with `ok` or the name of its error. */
  called(method: string, code: string, durationMs: number): void;
  /** A sweep over leases has settled so many. */
  settled(settled: LeaseSweep['settled']): void;
  scaling: ScalingMetrics;
  discovery: DiscoveryMetrics;
  /** The backend is no longer watched. */
  forget(backendId: string): void;
};

/** What is read when somebody asks for the metrics. */
export type MetricSources = {
  reportsWaiting: () => number;
  /** Undefined for a backend without a schedule. */
  scheduledUp: (backendId: string) => boolean | undefined;
  /** Undefined while unknown. */
  externalRunning: (backendId: string) => number | undefined;
};

/** The newest assessment of each backend, by its id. */
type Newest = Map<string, HealthAssessment['status'] & { at: number }>;

const PREFIX = 'trino_gateway_monitor_';

/** A registry of its own, so that several monitors can run in one process. */
export function createMetrics(sources: MetricSources): MonitorMetrics {
  const registry = new Registry();
  addBuildInfo(registry, 'monitor');
  collectDefaultMetrics({ register: registry });
  const newest: Newest = new Map();
  addBackendGauges(registry, newest, sources);
  const leasesSettled = new Counter({
    name: `${PREFIX}leases_settled_total`,
    help: 'Slots given back by a look: the cluster said that the query has ended (ended), has restarted since (restarted), or did not know it twice (lost).',
    labelNames: ['why'],
    registers: [registry],
  });
  addSweepGauges(registry, newest, sources);
  const probed = addProbeMetrics(registry);
  const called = addCallMetrics(registry);
  return {
    registry,
    assessed: ({ status }, durationMs) => {
      newest.set(status.backendId, { ...status, at: performance.now() });
      probed(BackendStatus_StateSchema.value[status.state]?.name ?? 'UNKNOWN', durationMs);
    },
    called,
    settled: (settled) => {
      for (const [why, count] of Object.entries(settled)) if (count > 0) leasesSettled.inc({ why }, count);
    },
    scaling: createScalingMetrics(registry, PREFIX),
    discovery: createDiscoveryMetrics(registry, PREFIX),
    forget: (backendId) => void newest.delete(backendId),
  };
}

function addBackendGauges(registry: Registry, newest: Newest, { scheduledUp, externalRunning }: MetricSources): void {
  const add = (name: string, help: string, value: (status: HealthAssessment['status']) => number | undefined) =>
    new Gauge({
      name: PREFIX + name,
      help,
      labelNames: ['backend'],
      registers: [registry],
      collect() {
        this.reset();
        for (const [backend, status] of newest) {
          const current = value(status);
          if (current !== undefined) this.set({ backend }, current);
        }
      },
    });
  add('backend_healthy', 'Whether a backend is healthy (1) or not (0).', ({ healthy }) => Number(healthy));
  add('backend_load', 'Cluster load of a backend; absent while unknown.', ({ clusterLoad }) => clusterLoad);
  add('backend_running', 'Queries running on a backend at the last look; absent while unknown.', (one) => one.running);
  add('backend_queued', 'Queries waiting in a backend at the last look; absent while unknown.', (one) => one.queued);
  add(
    'backend_scheduled_up',
    'Whether a backend is inside (1) or outside (0) its uptime schedule; absent without one.',
    ({ backendId }) => {
      const up = scheduledUp(backendId);
      return up === undefined ? undefined : Number(up);
    },
  );
  add(
    'backend_foreign_running',
    'Queries running on a backend that hold no slot and are no probe, at the last look at slots; absent while unknown, and without limit and slots.',
    ({ backendId }) => externalRunning(backendId),
  );
}

function addSweepGauges(registry: Registry, newest: Newest, { reportsWaiting }: MetricSources): void {
  new Gauge({
    name: `${PREFIX}sweep_seconds`,
    help: 'Time in which every watched backend was looked at: the age of the oldest finding.',
    registers: [registry],
    collect() {
      const oldest = [...newest.values()].reduce((least, { at }) => Math.min(least, at), performance.now());
      this.set((performance.now() - oldest) / 1_000);
    },
  });
  new Gauge({
    name: `${PREFIX}reports_waiting`,
    help: 'Findings the gatewayserver has not been told yet.',
    registers: [registry],
    collect() {
      this.set(reportsWaiting());
    },
  });
}

function addProbeMetrics(registry: Registry): (result: string, durationMs: number) => void {
  const probes = new Counter({
    name: `${PREFIX}probes_total`,
    help: 'Looks at backends, by the state they found.',
    labelNames: ['result'],
    registers: [registry],
  });
  const seconds = new Histogram({
    name: `${PREFIX}probe_seconds`,
    help: 'Duration of one look at one backend.',
    buckets: [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30],
    registers: [registry],
  });
  return (result, durationMs) => {
    probes.inc({ result });
    seconds.observe(durationMs / 1_000);
  };
}

function addCallMetrics(registry: Registry): MonitorMetrics['called'] {
  const calls = new Counter({
    name: `${PREFIX}rpc_total`,
    help: 'Calls of the gatewayserver, by method and code.',
    labelNames: ['method', 'code'],
    registers: [registry],
  });
  const seconds = new Histogram({
    name: `${PREFIX}rpc_seconds`,
    help: 'Duration of calls of the gatewayserver; WatchBackends is held there until something changes.',
    labelNames: ['method'],
    buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30],
    registers: [registry],
  });
  return (method, code, durationMs) => {
    calls.inc({ method, code });
    seconds.observe({ method }, durationMs / 1_000);
  };
}
