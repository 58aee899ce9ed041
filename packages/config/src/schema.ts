import { z } from 'zod';
import {
  address,
  addresses,
  cidrs,
  databaseUrl,
  duration,
  flag,
  id,
  logLevel,
  origin,
  origins,
  retention,
  secretKeys,
  text,
  timeLimit,
  uiMode,
  webUrl,
  whole,
} from './fields.ts';

// The description of each key is what docs/configuration.md shows.

const gatewayserver = z.strictObject({
  listen: address
    .prefault('0.0.0.0:8000')
    .describe(
      'Where the API is served. Without `admin_token` only a loopback address is taken, unless `allow_open` says otherwise.',
    ),
  ops_listen: address.prefault('0.0.0.0:8001').describe('Where /livez, /readyz and /metrics are served.'),
  database_url: databaseUrl
    .prefault('sqlite:./data/gateway.db')
    .describe('The store: sqlite:PATH, sqlite::memory:, mysql://, mariadb:// or postgres://.'),
  database_pool_size: whole(1, 1000).prefault(10).describe('Connections to a MySQL, MariaDB or PostgreSQL store.'),
  database_time_limit: timeLimit
    .prefault('10s')
    .describe('How long one statement or the wait for a connection may take.'),
  migrate_at_start: flag
    .prefault(true)
    .describe(
      'Bring the schema up to date at start. With false the start fails while a migration is pending: run `migrate up` with a user that may change the schema.',
    ),
  admin_token: text
    .optional()
    .describe('Opens every call. Unset leaves everything open to this machine, with a warning at start.'),
  allow_open: flag
    .prefault(false)
    .describe('Serve an API without `admin_token` on any address: everybody who reaches it may change everything.'),
  read_token: text.optional().describe('Opens Get, List and dry runs only; needs `admin_token` beside it.'),
  open_reads: flag.prefault(false).describe('Leaves Get, List and dry runs open although tokens are set.'),
  events_token: text
    .optional()
    .describe(
      "Opens /v1/trino/events, where the clusters' event listeners post, and nothing else; the admin token opens it, too.",
    ),
  secrets_key: secretKeys
    .optional()
    .describe(
      'Encrypts the passwords of probes in the store: a key of at least 32 characters, such as that of `openssl rand -base64 32`, the same for all replicas. A comma list to change it: the first encrypts, all decrypt. Unset: they are stored as they are.',
    ),
  history_max_age: retention
    .prefault('90d')
    .describe('Queries that were submitted longer ago are deleted from history; 0 keeps them for ever.'),
  history_max_count: whole(0, 1_000_000_000)
    .prefault(0)
    .describe('Beyond this number the oldest queries are deleted from history; 0 keeps any number.'),
  default_group: id.optional().describe('The group of queries that no policy matches.'),
  metadata_never_waits: flag
    .prefault(false)
    .describe('SHOW and DESCRIBE start at once, whatever the limits; they count all the same.'),
  queue_client_timeout: timeLimit
    .prefault('5m')
    .describe('A query that waits in the gateway and that its client has not polled for so long is forgotten.'),
  queue_max_queued: whole(0, 1_000_000_000)
    .prefault(15_000)
    .describe('Queries that may wait in all groups together; 0: any number, here and in the five keys below.'),
  queue_max_queued_per_group: whole(0, 1_000_000_000)
    .prefault(10_000)
    .describe('Queries that may wait in a group without a `queue.max_queued` of its own.'),
  queue_max_queued_per_user: whole(0, 1_000_000_000)
    .prefault(1_000)
    .describe(
      'Queries of one user that may wait, in all groups without a `queue.per_user_max_queued` of their own together.',
    ),
  queue_max_bytes: whole(0, 1_000_000_000_000)
    .prefault(268_435_456)
    .describe('Bytes of statements, with their headers, that may wait in all groups together.'),
  queue_max_bytes_per_group: whole(0, 1_000_000_000_000).prefault(67_108_864).describe('The same for one group.'),
  queue_max_bytes_per_user: whole(0, 1_000_000_000_000)
    .prefault(33_554_432)
    .describe('The same for one user, in all groups together.'),
  load_max_age: duration.prefault('60s').describe('A cluster load older than this counts as unknown.'),
  incarnation_retention: duration
    .prefault('48h')
    .describe('How long the address of a former life of a coordinator is kept after it was last seen or asked for.'),
  log_level: logLevel.prefault('info').describe('error, warn, info or debug.'),
});

const monitor = z.strictObject({
  gatewayserver_url: origins
    .prefault('http://127.0.0.1:8000')
    .describe('The gatewayserver; a comma list for several replicas.'),
  gatewayserver_token: text.optional().describe('The admin token of the gatewayserver.'),
  ops_listen: address.prefault('0.0.0.0:8002').describe('Where /livez, /readyz and /metrics are served.'),
  interval: timeLimit.prefault('10s').describe('Time from the end of one look at a backend to the next.'),
  probe_time_limit: timeLimit.prefault('10s').describe('How long one look at one backend may take in all.'),
  failures_before_unhealthy: whole(1, 100)
    .prefault(2)
    .describe('Consecutive failed looks before a healthy backend becomes unhealthy.'),
  passes_before_healthy: whole(1, 100)
    .prefault(1)
    .describe('Consecutive passed looks before an unhealthy backend becomes healthy.'),
  probation: duration
    .prefault('5s')
    .describe(
      'How long a coordinator that has just started is not used yet: SELECT 1 succeeds before its workers are there.',
    ),
  log_level: logLevel.prefault('info').describe('error, warn, info or debug.'),
});

const router = z.strictObject({
  listen: addresses
    .prefault('0.0.0.0:8080')
    .describe('Where Trino clients connect; a comma list for several listeners.'),
  ops_listen: address.prefault('0.0.0.0:8003').describe('Where /livez, /readyz and /metrics are served.'),
  gatewayserver_url: origins
    .prefault('http://127.0.0.1:8000')
    .describe('The gatewayserver; a comma list for several replicas.'),
  gatewayserver_token: text.optional().describe('The admin token of the gatewayserver.'),
  external_url: origin
    .optional()
    .describe('The address clients use, for links. Unset: links are built from what the client asked for.'),
  trusted_proxies: cidrs
    .prefault('')
    .describe(
      "Balancers and networks of balancers whose X-Forwarded-* count; everybody else's are dropped. List your balancers alone: who is in there may say which host was asked for.",
    ),
  explain_headers: flag
    .prefault(false)
    .describe('Answer X-Trino-Gateway-Backend, -Group and -Decided-By with each submission.'),
  state_file: text
    .prefault('./data/router-state.json')
    .describe('What the router needs to serve polls after its own restart while the gatewayserver is down.'),
  gatewayserver_wait: duration
    .prefault('10s')
    .describe('How long a new submission waits for a gatewayserver that does not answer before it is refused.'),
  submit_time_limit: timeLimit
    .prefault('25s')
    .describe('How long finding a cluster for a submission may take, all attempts together. Clients give up at 30 s.'),
  attempt_time_limit: timeLimit
    .prefault('8s')
    .describe('How long one cluster may be silent on a submission before another one is tried.'),
  poll_time_limit: timeLimit
    .prefault('60s')
    .describe('How long a cluster may be silent on a poll, and in the middle of a page.'),
  max_connections: whole(0, 1_000_000)
    .prefault(0)
    .describe(
      'Connections of clients at a time, of all listeners; more are answered 503, which clients repeat. 0: one for each 64 KB of the heap that Node may use, some 8,000 where a container has 1 GB.',
    ),
  max_connections_per_client: whole(0, 1_000_000)
    .prefault(0)
    .describe(
      'The same for one client address (for a /64 of IPv6); a trusted proxy is no client. 0: three quarters of all.',
    ),
  max_requests: whole(0, 1_000_000)
    .prefault(0)
    .describe(
      'Requests of clients under way at a time, one for each connection at most, and as many to clusters; more are answered 503, which clients repeat. 0: as many as connections.',
    ),
  max_requests_per_client: whole(0, 1_000_000)
    .prefault(0)
    .describe(
      'The same for one client address (for a /64 of IPv6), as far as trusted proxies tell it. 0: three quarters of all.',
    ),
  max_requests_per_backend: whole(0, 1_000_000)
    .prefault(0)
    .describe('Requests, and so connections, to one backend at a time. 0: three quarters of all.'),
  max_statement_bytes: whole(1_000, 1_000_000_000)
    .prefault(16_777_216)
    .describe('Longer statements are refused as QUERY_TEXT_TOO_LARGE.'),
  max_statement_bytes_under_way: whole(0, 1_000_000_000_000)
    .prefault(0)
    .describe(
      'Bytes of statements, and of request heads beyond 16 KB, of all requests under way; one client address may have three quarters. Beyond it 503, which clients repeat. At least max_statement_bytes. 0: an eighth of the heap that Node may use, some 70 MB where a container has 1 GB.',
    ),
  history_backlog: whole(0, 1_000_000)
    .prefault(20_000)
    .describe('Reports kept for a gatewayserver that does not answer; beyond it the oldest are dropped and counted.'),
  history_text_while_waiting: flag
    .prefault(false)
    .describe(
      'Write the text of a statement to history when it begins to wait, where everybody who reads the database sees it. With false history has it once a cluster has it, and never when it ends before.',
    ),
  auth_provider_url: webUrl
    .optional()
    .describe(
      'Delegated authentication: where the user and password of clients whose policy asks for it are checked. Unset: such clients are answered 401.',
    ),
  auth_provider_key: text.optional().describe('Sent to the authentication provider as X-Auth-Key.'),
  auth_provider_time_limit: timeLimit
    .prefault('5s')
    .describe('How long the authentication provider may take for one answer; then the client is refused.'),
  auth_cache_time: duration
    .prefault('5m')
    .describe(
      'How long a user and password stay accepted without asking again; a refusal is remembered for 5s at most. 0s: ask every time.',
    ),
  auth_forward_credentials: flag
    .prefault(false)
    .describe(
      'Pass the checked password on, for clusters that check it once more. Clusters without password authentication refuse every password.',
    ),
  ui: uiMode
    .prefault('PROXY')
    .describe(
      'The web UI of the clusters under /ui: PROXY serves it here, REDIRECT sends browsers to the external_url of the cluster, OFF serves none.',
    ),
  log_level: logLevel.prefault('info').describe('error, warn, info or debug.'),
});

/** The scalars of the suite's configuration file, one section per process. */
export const sections = { gatewayserver, monitor, router };

export type GatewayserverConfig = z.output<typeof gatewayserver>;
export type MonitorConfig = z.output<typeof monitor>;
export type RouterConfig = z.output<typeof router>;

/** Keys that hold secrets: each may also be given as KEY_file, a path whose first line is the value. */
export const SECRET_KEYS = [
  'admin_token',
  'read_token',
  'events_token',
  'gatewayserver_token',
  'auth_provider_key',
  'secrets_key',
  'database_url',
] as const;
