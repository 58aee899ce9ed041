import { createMetrics as gatewayserver } from '@trino-gateway/gatewayserver/metrics';
import { createMetrics as monitor } from '@trino-gateway/monitor/metrics';
import { addWorkerMetrics, createMetrics as router } from '@trino-gateway/router/metrics';
import { createCertificateExpiry, silentLogger } from '@trino-gateway/runtime';

const nothing = () => undefined;
const none = () => 0;
const nobody = () => new Map<string, number>();

const ofGatewayserver = gatewayserver({
  backendIds: () => [],
  isAvailable: () => false,
  failingRouters: () => 0,
  liveQueries: none,
  monitorAgeMs: nothing,
  isMonitorSilent: () => false,
  strategyOf: nothing,
  stepTotals: () => [],
});
ofGatewayserver.watchEvents({ waiting: none, early: none });

const ofRouter = router({
  liveQueries: nobody,
  liveQueriesForgotten: none,
  heldPolls: none,
  connections: none,
  connectionsRefused: none,
  requestsUnderWay: none,
  requestsAtBackends: none,
  requestsWaiting: none,
  statementBytes: none,
  requestsRefused: nobody,
  historyBacklog: none,
  historyDropped: none,
  snapshotAgeMs: nothing,
});
addWorkerMetrics(ofRouter.registry, { workers: none, restarts: none });

const REGISTRIES: Record<string, ReturnType<typeof router>['registry']> = {
  gatewayserver: ofGatewayserver.registry,
  monitor: monitor({ reportsWaiting: none, scheduledUp: nothing, externalRunning: nothing }).registry,
  router: ofRouter.registry,
};

for (const [service, registry] of Object.entries(REGISTRIES))
  createCertificateExpiry({ service, registry, logger: silentLogger })[Symbol.dispose]();
const { monitor: registry } = REGISTRIES;
createCertificateExpiry({ service: 'monitor', of: 'backend', ...(registry && { registry }), logger: silentLogger })[
  Symbol.dispose
]();

type Described = { name: string; help: string; type: string; labelNames?: readonly string[] };

/** The text of docs/metrics.md: every figure of ours that a process offers. */
export function metricsPage(): string {
  const tables = Object.entries(REGISTRIES).map(([service, registry]) => {
    const metrics = registry.getMetricsAsArray() as unknown as Described[];
    const own = metrics.filter(({ name }) => name.startsWith('trino_gateway_'));
    const rows = own.map(({ name, help, type, labelNames = [] }) => {
      const labels = labelNames.length > 0 ? `{${labelNames.join(',')}}` : '';
      return `| \`${name}${labels}\` | ${type} | ${help} |`;
    });
    return `## ${service}\n\n| name | kind | says |\n| --- | --- | --- |\n${rows.join('\n')}\n`;
  });
  return `<!-- Written by scripts/docs/metrics.ts from the code: change it there, then run make generate. -->

# Metrics

Every process serves \`/metrics\` on its ops port, in the text format of Prometheus. Besides the figures below each offers the usual
\`process_*\` and \`nodejs_*\` ones: CPU, memory, open files, event loop lag, garbage collection.

Labels are bounded: objects of the configuration, ports, codes. After some thousands of different groups or policies further ones count as
\`other\`.

${tables.join('\n')}`;
}
