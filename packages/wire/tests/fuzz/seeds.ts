import type { Seeds } from './run-fuzz.ts';

const QUERY = '20261121_072228_00317_nitsd';
const POLL = `/v1/statement/executing/${QUERY}/yec7618fcccc492d8523a9a197dc9081cd28618c0/0`;

const message = (first: string, lines: readonly string[], body = '') =>
  `${first}\r\n${lines.map((line) => `${line}\r\n`).join('')}\r\n${body}`;

const python = [
  ...[
    'Host: gateway.example.com:8080',
    'User-Agent: trino-python-client/0.336.0',
    'Accept-Encoding: gzip, deflate',
    'Accept: */*',
  ],
  ...[
    'Connection: keep-alive',
    'X-Trino-Catalog: tpch',
    'X-Trino-Schema: tiny',
    'X-Trino-Source: trino-python-client',
    'X-Trino-User: joe',
  ],
];
const java = [
  'X-Trino-User: joe',
  'User-Agent: StatementClientV1/476',
  'Host: gateway.example.com',
  'Connection: Keep-Alive',
  'Accept-Encoding: gzip',
];
const go = ['Host: 127.0.0.1:18081', 'User-Agent: trino-go-client', 'X-Trino-User: joe', 'Accept-Encoding: gzip'];
const node = ['X-Trino-User: joe', 'Content-Type: text/plain', 'Host: localhost:8080', 'Connection: close'];

/** Requests as clients of Trino write them. */
const requests: readonly string[] = [
  message('POST /v1/statement HTTP/1.1', [...python, 'Content-Length: 8'], 'SELECT 1'),
  message(`GET ${POLL} HTTP/1.1`, python),
  message(`DELETE ${POLL} HTTP/1.1`, [...python, 'Content-Length: 0']),
  message(
    'POST /v1/statement HTTP/1.1',
    ['X-Trino-Session: a=b', 'X-Trino-Session: c=d', ...java, 'Content-Length: 13'],
    'SELECT 1 -- \xfc',
  ),
  message(`GET ${POLL}?maxWait=1s&targetResultSize=16MB HTTP/1.1`, java),
  message(`HEAD /v1/statement HTTP/1.1`, java),
  message('POST /v1/statement HTTP/1.1', [...go, 'Content-Length: 8'], 'SELECT 1'),
  message(`GET ${POLL} HTTP/1.1`, go),
  message(`PUT /v1/query/${QUERY}/killed HTTP/1.1`, [...go, 'Content-Length: 6'], 'enough'),
  message('POST /v1/statement HTTP/1.1', [...node, 'Content-Length: 8'], 'SELECT 1'),
];

const jetty = [
  'Date: Sat, 21 Nov 2026 07:22:28 GMT',
  'Vary: Accept-Encoding',
  'Content-Type: application/json',
  'X-Content-Type-Options: nosniff',
];
const page = `{"id":"${QUERY}","nextUri":"http://127.0.0.1:18081${POLL}","stats":{"state":"QUEUED"},"warnings":[]}`;

/** Answers as coordinators write them. */
const responses: readonly string[] = [
  message('HTTP/1.1 200 OK', [...jetty, `Content-Length: ${page.length}`], page),
  message('HTTP/1.1 200 OK', [...jetty, 'Content-Encoding: gzip', 'Content-Length: 4'], '\x1f\x8b\x08\0'),
  message(
    'HTTP/1.1 200 OK',
    [...jetty, 'X-Trino-Set-Session: query_max_run_time=17m', 'Transfer-Encoding: chunked'],
    `${page.length.toString(16)}\r\n${page}\r\n0\r\n\r\n`,
  ),
  message('HTTP/1.1 200 OK', [...jetty, 'Transfer-Encoding: chunked'], '000A\r\n{"id":"x",\r\n3\r\n  }\r\n0\r\n\r\n'),
  message('HTTP/1.1 204 No Content', ['Date: Sat, 21 Nov 2026 07:25:29 GMT']),
  message(
    'HTTP/1.1 404 Not Found',
    ['Content-Type: text/plain', 'Content-Length: 36'],
    'Error 404 Not Found: Query not found',
  ),
  message('HTTP/1.1 401 Unauthorized', [
    'WWW-Authenticate: Basic realm="Trino"',
    'Connection: close',
    'Content-Length: 0',
  ]),
  message('HTTP/1.1 200 OK', ['Content-Length: 2', 'Connection: keep-alive', 'Keep-Alive: timeout=5'], '{}'),
];

export const seeds: Seeds = { requests, responses };
