import { z } from 'zod';
import {
  address,
  discoveredKinds,
  duration,
  flag,
  labelSelector,
  logFormat,
  logLevel,
  namespaces,
  origins,
  text,
  timeLimit,
  whole,
} from './fields.ts';
import { gatewayserverTls } from './gatewayserver-tls.ts';

// The description of each key is what docs/configuration.md shows.

/** The keys of the monitor. */
export const monitor = z.strictObject({
  gatewayserver_url: origins
    .prefault('http://127.0.0.1:8000')
    .describe('The gatewayserver; a comma list for several replicas.'),
  gatewayserver_token: text.optional().describe('The admin token of the gatewayserver.'),
  ...gatewayserverTls,
  ops_listen: address.prefault('0.0.0.0:8002').describe('Where /livez, /readyz and /metrics are served.'),
  interval: timeLimit.prefault('10s').describe('Time from the end of one probe of a backend to the start of the next.'),
  probe_time_limit: timeLimit.prefault('10s').describe('How long one probe of a backend may take in all.'),
  failures_before_unhealthy: whole(1, 100)
    .prefault(2)
    .describe('Consecutive failed probes before a healthy backend becomes unhealthy.'),
  passes_before_healthy: whole(1, 100)
    .prefault(1)
    .describe('Consecutive passed probes before an unhealthy backend becomes healthy.'),
  probation: duration
    .prefault('5s')
    .describe(
      'How long a coordinator that has just started gets no queries: SELECT 1 succeeds before its workers are there.',
    ),
  token_folder: text
    .optional()
    .describe(
      'The folder below which token files of backends (`probe.token_file`) may be; a link that leads out of it is refused. Unset: none is read, and their backends are unhealthy.',
    ),
  scaling_interval: timeLimit
    .prefault('1s')
    .describe('Time from the end of one round of autoscaling to the start of the next.'),
  command_folder: text
    .optional()
    .describe(
      'The folder below which the programs of `scaler.command` of backends that were written through the API must be; a link that leads out of it is refused. Unset: they run none. Those that a configuration file declares may be anywhere.',
    ),
  webhook_key: text
    .optional()
    .describe('The key that requests of `scaler.webhook` are signed with. Unset: they are not.'),
  kubeconfig: text
    .optional()
    .describe(
      'The kubeconfig file that says how the Kubernetes API server is reached; its current context counts, and it is read again when it changes. Unset: from within the cluster, as the service account of the pod.',
    ),
  discovery: flag
    .prefault(false)
    .describe('Whether objects of Kubernetes with a label become backends: see [discovery](discovery.md).'),
  discovery_kinds: discoveredKinds
    .prefault('Service')
    .describe('Which kinds of objects: a comma list of Service and TrinoCluster (of the Stackable operator).'),
  discovery_namespaces: namespaces
    .optional()
    .describe(
      'The namespaces they are looked for in, a comma list. Unset: all, which needs the right to list them there.',
    ),
  discovery_label: labelSelector
    .prefault('trino-gateway.io/backend=true')
    .describe('The label they must have: a label selector of Kubernetes.'),
  log_level: logLevel.prefault('info').describe('error, warn, info or debug.'),
  log_format: logFormat
    .prefault('json')
    .describe('json or text: how log lines are written, one for each event, its time first.'),
});
