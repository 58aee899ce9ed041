import { z } from 'zod';
import {
  address,
  databaseUrl,
  duration,
  flag,
  id,
  logFormat,
  logLevel,
  retention,
  secretKeys,
  text,
  timeLimit,
  whole,
} from './fields.ts';

// The description of each key is what docs/configuration.md shows.

/** The keys of the gatewayserver. */
export const gatewayserver = z.strictObject({
  listen: address
    .prefault('0.0.0.0:8000')
    .describe(
      'Where the API is served. Without `admin_token` only a loopback address is accepted, unless `allow_open` is true.',
    ),
  ops_listen: address.prefault('0.0.0.0:8001').describe('Where /livez, /readyz and /metrics are served.'),
  tls_cert_file: text
    .optional()
    .describe(
      'The certificate of the API, PEM, with its chain: set, `listen` speaks TLS only. A replaced file is taken within 10 s.',
    ),
  tls_key_file: text.optional().describe('The key of that certificate, PEM, without a passphrase.'),
  tls_client_ca_file: text
    .optional()
    .describe(
      'The authorities, PEM, one of which must have signed the certificate of every client: routers, monitors and command lines. Unset: no certificate is asked for.',
    ),
  database_url: databaseUrl
    .prefault('sqlite:./data/gateway.db')
    .describe('Where everything is stored: sqlite:PATH, sqlite::memory:, mysql://, mariadb:// or postgres://.'),
  database_ca_file: text
    .optional()
    .describe(
      'The authorities, PEM, that sign the certificate of the database: set, connections to it are made over TLS only, and the certificate must be for the host of `database_url`.',
    ),
  database_cert_file: text.optional().describe('The certificate, PEM, that is shown to the database.'),
  database_key_file: text.optional().describe('The key of that certificate, PEM, without a passphrase.'),
  database_pool_size: whole(1, 1000)
    .prefault(10)
    .describe('The most connections to a MySQL, MariaDB or PostgreSQL database.'),
  database_time_limit: timeLimit
    .prefault('10s')
    .describe('How long one statement, or the wait for a connection, may take.'),
  migrate_at_start: flag
    .prefault(true)
    .describe(
      'Migrate the schema at start. With false the start fails while a migration is pending: run `migrate up` as a user who may change the schema.',
    ),
  admin_token: text
    .optional()
    .describe('The token for every call. Unset: every call is open to this machine, with a warning at start.'),
  allow_open: flag
    .prefault(false)
    .describe('Serve the API without `admin_token` on any address: everybody who reaches it may change everything.'),
  read_token: text.optional().describe('A token for Get, List and dry runs only; `admin_token` must be set as well.'),
  open_reads: flag.prefault(false).describe('Leave Get, List and dry runs open although tokens are set.'),
  events_token: text
    .optional()
    .describe(
      "A token for /v1/trino/events alone, where the clusters' event listeners post. The admin token works there, too.",
    ),
  secrets_key: secretKeys
    .optional()
    .describe(
      'Encrypts passwords and tokens of probes and routing steps in the database: a key of at least 32 characters, such as the output of `openssl rand -base64 32`, the same for all replicas. To change it give a comma list: the first key encrypts, all of them decrypt. Unset: they are stored as they are.',
    ),
  token_folder: text
    .optional()
    .describe(
      'The folder below which token files of backends (`probe.token_file`) may be; a link that leads out of it is refused. Unset: none is read, and queries of their backends cannot be cancelled here.',
    ),
  history_max_age: retention
    .prefault('90d')
    .describe('Queries submitted longer ago are deleted from the history; 0 keeps them for ever.'),
  history_max_count: whole(0, 1_000_000_000)
    .prefault(0)
    .describe('The most queries that the history keeps: beyond it the oldest are deleted. 0: no limit.'),
  default_group: id.optional().describe('The group of queries that no policy matches.'),
  metadata_never_waits: flag
    .prefault(false)
    .describe('SHOW and DESCRIBE start at once, whatever the limits; they still count as running queries.'),
  outage_wait: duration
    .prefault('5s')
    .describe(
      'How long a newcomer waits for a backend of a group that refuses queries while it has none available (`queue.when_unavailable` is REFUSE), and whose backends fail their probes or the query, before it is refused; for groups without a `queue.outage_wait_ms` of their own. 0s: it is refused at once.',
    ),
  queue_client_timeout: timeLimit
    .prefault('5m')
    .describe('A waiting query whose client has not polled for this long is removed from the queue.'),
  drain_client_timeout: timeLimit
    .prefault('5m')
    .describe(
      'For how long a client may be silent and still come for its query or transaction: as long as the clusters wait (query.client.timeout and transaction.idle-timeout). A drain waits no longer for one that vanished.',
    ),
  queue_max_queued: whole(0, 1_000_000_000)
    .prefault(15_000)
    .describe('The most queries that may wait in all groups together. 0: no limit, here and in the five keys below.'),
  queue_max_queued_per_group: whole(0, 1_000_000_000)
    .prefault(10_000)
    .describe('The most queries that may wait in a group that has no `queue.max_queued` of its own.'),
  queue_max_queued_per_user: whole(0, 1_000_000_000)
    .prefault(1_000)
    .describe(
      'The most queries of one user that may wait, over all groups that have no `queue.per_user_max_queued` of their own.',
    ),
  queue_max_bytes: whole(0, 1_000_000_000_000)
    .prefault(268_435_456)
    .describe('The most bytes of waiting statements, with their headers, in all groups together.'),
  queue_max_bytes_per_group: whole(0, 1_000_000_000_000).prefault(67_108_864).describe('The same for one group.'),
  queue_max_bytes_per_user: whole(0, 1_000_000_000_000)
    .prefault(33_554_432)
    .describe('The same for one user, in all groups together.'),
  load_max_age: duration.prefault('60s').describe('A cluster load older than this counts as unknown.'),
  incarnation_retention: duration
    .prefault('48h')
    .describe(
      'How long the address of a former incarnation of a coordinator is kept after it was last seen or asked for.',
    ),
  log_level: logLevel.prefault('info').describe('error, warn, info or debug.'),
  log_format: logFormat
    .prefault('json')
    .describe('json or text: how log lines are written, one for each event, its time first.'),
});
