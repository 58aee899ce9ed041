import { z } from 'zod';
import {
  address,
  databaseUrl,
  duration,
  flag,
  id,
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
