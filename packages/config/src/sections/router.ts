import { z } from 'zod';
import {
  address,
  addresses,
  cidrs,
  duration,
  externalUrl,
  flag,
  logFormat,
  logLevel,
  origins,
  share,
  text,
  timeLimit,
  uiMode,
  webUrl,
  whole,
} from './fields.ts';
import { gatewayserverTls } from './gatewayserver-tls.ts';

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
  tls_listen: addresses
    .optional()
    .describe('Where Trino clients connect over HTTPS; a comma list for several listeners. Unset: no HTTPS.'),
  tls_cert_file: text
    .optional()
    .describe('The certificate for `tls_listen`, PEM, with its chain. A replaced file is taken within 10 s.'),
  tls_key_file: text.optional().describe('The key of that certificate, PEM, without a passphrase.'),
  workers: whole(1, 64)
    .prefault(1)
    .describe(
      'How many processes serve clients on the same addresses, each on a core of its own; its limits hold for them together. 1: this process alone; 0 is refused, as the number of cores is not guessed. See docs/routers.md, "Several processes on one machine".',
    ),
  fast_path: flag
    .prefault(true)
    .describe(
      "Read the usual requests of Trino's clients with the gateway's own reader, everything else with Node's. false: everything with Node's, which does the same at several times the cost.",
    ),
  ...gatewayserverTls,
  external_url: externalUrl
    .optional()
    .describe(
      'The address that clients use, for links; with a path, such as https://host/trino, where a proxy serves the gateway below that. Unset: links are built from the address that the client asked for.',
    ),
  trusted_proxies: cidrs
    .prefault('')
    .describe(
      "Addresses and networks of your load balancers: their Forwarded and X-Forwarded-* headers count, everybody else's are dropped. List nothing else: whoever is listed may claim any host.",
    ),
  explain_headers: flag
    .prefault(false)
    .describe('Answer each submission with X-Trino-Gateway-Backend, -Group and -Decided-By.'),
  state_file: text
    .prefault('./data/router-state.json')
    .describe(
      'Where the router keeps what it needs to serve polls after its own restart while the gatewayserver is down.',
    ),
  gatewayserver_wait: duration
    .prefault('10s')
    .describe('How long a new submission waits for a gatewayserver that does not answer before it is refused.'),
  submit_time_limit: timeLimit
    .prefault('25s')
    .describe(
      'How long finding a cluster for a submission may take, all attempts together. Clients give up after 30 s.',
    ),
  attempt_time_limit: timeLimit
    .prefault('8s')
    .describe('How long a cluster may be silent on a submission before another one is tried.'),
  connect_time_limit: timeLimit
    .prefault('5s')
    .describe('How long a connection to a cluster may take to come about, its TLS handshake included.'),
  poll_time_limit: timeLimit
    .prefault('60s')
    .describe('How long a cluster may be silent on a poll, before and within its page.'),
  max_connections: whole(0, 1_000_000)
    .prefault(0)
    .describe(
      'The most client connections at a time, of all listeners together. Beyond it clients are answered 503, which not all of them repeat. 0: one for each 64 KB of the heap that Node may use, some 8,000 in a container with 1 GB.',
    ),
  max_connections_per_client: whole(0, 1_000_000)
    .prefault(0)
    .describe(
      'The same for one client address (for IPv6 a /64); trusted proxies do not count as clients. 0: three quarters of all.',
    ),
  max_requests: whole(0, 1_000_000)
    .prefault(0)
    .describe(
      'The most client requests under way at a time, at most one for each connection, and the most requests to clusters. Beyond it clients are answered 503, which not all of them repeat. 0: as many as connections.',
    ),
  max_requests_per_client: whole(0, 1_000_000)
    .prefault(0)
    .describe(
      'The same for one client address (for IPv6 a /64), behind trusted proxies the one that they name. 0: three quarters of all.',
    ),
  max_requests_per_backend: whole(0, 1_000_000)
    .prefault(0)
    .describe('The most requests, and so connections, to one backend at a time. 0: three quarters of all.'),
  max_statement_bytes: whole(1_000, 1_000_000_000)
    .prefault(16_777_216)
    .describe('Longer statements are refused as QUERY_TEXT_TOO_LARGE.'),
  max_statement_bytes_under_way: whole(0, 1_000_000_000_000)
    .prefault(0)
    .describe(
      'The most bytes of statements, and of request heads beyond 16 KB, of all requests under way; one client address may use three quarters. Beyond it clients are answered 503, which not all of them repeat. At least max_statement_bytes. 0: an eighth of the heap that Node may use, some 70 MB in a container with 1 GB.',
    ),
  history_backlog: whole(0, 1_000_000)
    .prefault(20_000)
    .describe('The most reports kept while no gatewayserver answers; beyond it the oldest are dropped and counted.'),
  history_text_while_waiting: flag
    .prefault(false)
    .describe(
      'Write the text of a statement to the history as soon as it waits; everybody who reads the database sees it there. With false the text is written once a cluster has the statement, and never if it ends before.',
    ),
  auth_provider_url: webUrl
    .optional()
    .describe(
      'Delegated authentication: the service that checks the user and password of clients whose policy demands it. Unset: such clients are answered 401.',
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
      'Pass the checked password on to the cluster, for clusters that check it once more. Clusters without password authentication refuse every password.',
    ),
  ui: uiMode
    .prefault('PROXY')
    .describe(
      'The web UI of the clusters under /ui: PROXY serves it here, REDIRECT sends browsers to the external_url of the cluster, OFF serves none.',
    ),
  access_log: share
    .prefault(0)
    .describe(
      'The share of client requests that are logged when they have been answered, one line each: from 0 (none) to 1 (all), such as 0.01. Secrets in URLs read *.',
    ),
  access_log_per_second: whole(1, 100_000)
    .prefault(1_000)
    .describe('The most lines of the access log in a second; the next line says how many were left out.'),
  log_level: logLevel.prefault('info').describe('error, warn, info or debug.'),
  log_format: logFormat
    .prefault('json')
    .describe('json or text: how log lines are written, one for each event, its time first.'),
});
