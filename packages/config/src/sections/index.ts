import type { z } from 'zod';
import { gatewayserver } from './gatewayserver.ts';
import { monitor } from './monitor.ts';
import { router } from './router.ts';

/** The scalars of the suite's configuration file, one section per process. */
export const sections = { gatewayserver, monitor, router };

export type SectionName = keyof typeof sections;

export type GatewayserverConfig = z.output<typeof gatewayserver>;
export type MonitorConfig = z.output<typeof monitor>;
export type RouterConfig = z.output<typeof router>;

/** Keys whose changes a running process takes when it reads its configuration anew; the others hold after a restart. */
export const TAKEN_ANEW = {
  gatewayserver: [
    'default_group',
    'history_max_age',
    'history_max_count',
    'incarnation_retention',
    'drain_client_timeout',
    'log_level',
    'metadata_never_waits',
    'outage_wait',
    'queue_client_timeout',
    'queue_max_bytes',
    'queue_max_bytes_per_group',
    'queue_max_bytes_per_user',
    'queue_max_queued',
    'queue_max_queued_per_group',
    'queue_max_queued_per_user',
  ],
  monitor: [
    'failures_before_unhealthy',
    'interval',
    'log_level',
    'passes_before_healthy',
    'probation',
    'probe_time_limit',
  ],
  router: [
    'attempt_time_limit',
    'auth_forward_credentials',
    'explain_headers',
    'history_text_while_waiting',
    'log_level',
    'max_connections',
    'max_connections_per_client',
    'max_requests',
    'max_requests_per_backend',
    'max_requests_per_client',
    'max_statement_bytes',
    'max_statement_bytes_under_way',
    'poll_time_limit',
    'submit_time_limit',
    'ui',
  ],
} as const satisfies { [Name in SectionName]: readonly (keyof z.output<(typeof sections)[Name]>)[] };

/** Keys that hold secrets: each may also be given as KEY_file, a path whose first line is the value. */
export const SECRET_KEYS = [
  'admin_token',
  'read_token',
  'events_token',
  'gatewayserver_token',
  'auth_provider_key',
  'webhook_key',
  'secrets_key',
  'database_url',
] as const;
