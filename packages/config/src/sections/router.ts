import { z } from 'zod';
import {
  address,
  addresses,
  cidrs,
  duration,
  flag,
  logLevel,
  origin,
  origins,
  text,
  timeLimit,
  uiMode,
  webUrl,
  whole,
} from './fields.ts';

// The description of each key is what docs/configuration.md shows.

/** The keys of the router. */
export const router = z.strictObject({
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
