import { createClient, type Transport } from '@connectrpc/connect';
import {
  AdmissionService,
  BackendService,
  DiscoveryService,
  QueryService,
  ScalingService,
  SuiteService,
} from '@trino-gateway/api/gateway';
import type { MonitorConfig } from '@trino-gateway/config';
import { createCertificateExpiry, type Logger } from '@trino-gateway/runtime';
import { createClusterConnections } from './clusters/cluster-connections.ts';
import { followShownCertificates } from './clusters/shown-certificates.ts';
import { startDiscovery } from './discovery/start-discovery.ts';
import { watchDrains } from './drains/watch-drains.ts';
import { createConnectionState } from './gatewayserver/connection-state.ts';
import { measuredTransport } from './gatewayserver/measured-transport.ts';
import { createOutbox } from './gatewayserver/outbox.ts';
import { createDirectHistory } from './history/direct-history.ts';
import { createLateHistory } from './history/late-history.ts';
import { createKubernetes } from './kubernetes/kubernetes.ts';
import { watchLeases } from './leases/watch-leases.ts';
import { createMetrics } from './metrics.ts';
import { createExpectedStates } from './probing/expected-states.ts';
import { createStatusReports } from './reporting/status-reports.ts';
import { startScaling } from './scaling/start-scaling.ts';
import { createUptimeSchedules } from './schedules/uptime-schedules.ts';

/** What a monitor consists of, beside the list of backends that drives it. */
export type Parts = ReturnType<typeof createParts>;

/**
 * Creates the parts of a monitor. They do nothing before backends are given to them.
 * @param gateway to the gatewayserver
 * @param owner disposes of them, the last first
 */
export function createParts(
  config: MonitorConfig,
  gateway: Transport,
  logger: Logger,
  owner: Pick<AsyncDisposableStack, 'use'>,
) {
  const metrics = createMetrics({
    reportsWaiting: () => outbox.waiting(),
    scheduledUp: (backendId) => schedules.scheduledUp(backendId),
    externalRunning: (backendId) => leases.externalRunning(backendId),
  });
  const transport = measuredTransport(gateway, metrics.called);
  const suite = createClient(SuiteService, transport);
  const backends = createClient(BackendService, transport);
  const connection = createConnectionState(config.gatewayserver_token !== undefined, logger);
  const outbox = owner.use(createOutbox({ connection, logger }));
  const schedules = createUptimeSchedules({ backends, outbox, logger });
  const expected = createExpectedStates();
  const mayBeAway = (backendId: string) => schedules.scheduledUp(backendId) === false || expected.mayBeAway(backendId);
  const reports = createStatusReports({ suite, backends, outbox, logger, mayBeAway });
  const connections = owner.use(createClusterConnections(config, logger));
  const { registry } = metrics;
  const shown = owner.use(createCertificateExpiry({ service: 'monitor', of: 'backend', registry, logger }));
  const certificates = owner.use(followShownCertificates(shown));
  const queries = createClient(QueryService, transport);
  const history = createDirectHistory({ queries, connections, outbox, logger });
  const lateHistory = createLateHistory({ queries, connections, outbox, logger });
  const leases = owner.use(
    watchLeases({
      connections,
      admission: createClient(AdmissionService, transport),
      get intervalMs() {
        return config.interval;
      },
      get timeLimitMs() {
        return config.probe_time_limit;
      },
      logger,
      onSweep: (backendId, sweep) => {
        metrics.settled(sweep.settled);
        reports.externalRunning(backendId, sweep.externalRunning);
      },
    }),
  );
  const drains = owner.use(
    watchDrains({
      connections,
      get timeLimitMs() {
        return config.probe_time_limit;
      },
      get intervalMs() {
        return config.interval;
      },
      logger,
      onEvidence: reports.evidence,
    }),
  );
  const kubernetes = owner.use(createKubernetes(config, logger));
  const scaling = owner.use(
    startScaling(config, {
      kubernetes,
      service: createClient(ScalingService, transport),
      drains: backends,
      connection,
      connections,
      metrics: metrics.scaling,
      logger,
    }),
  );
  owner.use(
    startDiscovery(config, {
      kubernetes,
      service: createClient(DiscoveryService, transport),
      connection,
      metrics: metrics.discovery,
      logger,
    }),
  );
  return {
    suite,
    connection,
    connections,
    certificates,
    metrics,
    schedules,
    reports,
    history,
    lateHistory,
    leases,
    drains,
    expected,
    scaling,
  };
}
