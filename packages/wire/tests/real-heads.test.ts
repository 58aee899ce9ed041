import { expect, test } from '@jest/globals';
import { RequestHeads, ResponseHeads } from '@trino-gateway/wire';

// As they were sent by the clients themselves, and by Trino 476.

const STATEMENT = 'POST /v1/statement HTTP/1.1';
const POLL = 'GET /v1/statement/executing/20260101_000000_00001_abcde/y1/1 HTTP/1.1';
const python = [
  ...[
    'Host: 127.0.0.1:18999',
    'user-agent: Trino Python Client/0.340.0',
    'Accept-Encoding: gzip, deflate',
    'Accept: */*',
    'Connection: keep-alive',
  ],
  ...[
    'X-Trino-Source: trino-python-client',
    'X-Trino-User: joe',
    'X-Trino-Time-Zone: Etc/UTC',
    'X-Trino-Query-Data-Encoding: json+zstd,json+lz4,json',
  ],
  ...[
    'X-Trino-Client-Capabilities: NUMBER,PARAMETRIC_DATETIME,SESSION_AUTHORIZATION',
    'X-Trino-Session: a=b,c=d',
    'X-Trino-Transaction-Id: NONE',
  ],
];
const okHttp = ['Host: 127.0.0.1:18999', 'Connection: Keep-Alive', 'Accept-Encoding: gzip'];
const java = [
  ...[
    'X-Trino-User: joe',
    'X-Trino-Original-User: joe',
    'X-Trino-Source: trino-cli',
    'X-Trino-Time-Zone: Etc/UTC',
    'X-Trino-Language: en',
  ],
  ...[
    'X-Trino-Session: a.b=c',
    'X-Trino-Transaction-Id: NONE',
    'User-Agent: trino-cli',
    'Content-Type: text/plain; charset=utf-8',
  ],
];
const go = [
  'Host: 127.0.0.1:18999',
  'User-Agent: trino-go-client/v1.1.0 os=linux arch=amd64 lang/go=go1.26.8',
  'X-Trino-Source: trino-go-client',
];
const axios = [
  ...[
    'Accept: application/json, text/plain, */*',
    'X-Trino-User: joe',
    'X-Trino-Source: trino-js-client',
    'User-Agent: axios/1.13.2',
  ],
  ...[
    'Accept-Encoding: gzip, compress, deflate, br',
    'Host: 127.0.0.1:18999',
    'Authorization: Basic am9lOg==',
    'Connection: keep-alive',
  ],
];

const LENGTH = 'Content-Length: 8';
test.each<[client: string, first: string, lines: readonly string[]]>([
  ['the Python client: a statement', STATEMENT, [...python, 'Content-Type: text/plain; charset=utf-8', LENGTH]],
  ['the Python client: a poll', POLL, python],
  ['the Python client: a cancellation', POLL.replace('GET', 'DELETE'), [...python, 'Content-Length: 0']],
  ['CLI and JDBC: a statement', STATEMENT, [...java, LENGTH, ...okHttp]],
  [
    'CLI and JDBC: a poll',
    POLL,
    ['X-Trino-User: joe', 'X-Trino-Original-User: joe', 'User-Agent: trino-cli', ...okHttp],
  ],
  ['the Go client: a statement', STATEMENT, [...go, LENGTH, 'X-Trino-User: joe', 'Accept-Encoding: gzip']],
  ['the Go client: a poll, with a user that is empty', POLL, [...go, 'X-Trino-User: ', 'Accept-Encoding: gzip']],
  ['the JavaScript client: a statement', STATEMENT, [...axios, LENGTH]],
  ['the JavaScript client: a poll', POLL, axios],
  ['curl', STATEMENT, ['Host: 127.0.0.1:18999', 'User-Agent: curl/7.88.1', 'Accept: */*', 'X-Trino-User: joe', LENGTH]],
])('%s is read', (_, first, lines) => {
  const bytes = Buffer.from(`${[first, ...lines].join('\r\n')}\r\n\r\n`);
  const head = new RequestHeads().read(bytes, 0, bytes.length);
  expect(head).toMatchObject({ target: first.split(' ')[1], block: { keepsAlive: true } });
});

const DATE = 'Date: Sat, 21 Nov 2026 07:22:28 GMT';
const JSON_LINES = [DATE, 'Vary: Accept-Encoding', 'Content-Type: application/json', 'X-Content-Type-Options: nosniff'];
test.each<[answer: string, asked: 'HEAD' | 'other', lines: readonly string[]]>([
  ['a page', 'other', ['HTTP/1.1 200 OK', ...JSON_LINES, 'Content-Length: 724']],
  ['a large page', 'other', ['HTTP/1.1 200 OK', ...JSON_LINES, 'Transfer-Encoding: chunked']],
  [
    'a page that sets something',
    'other',
    ['HTTP/1.1 200 OK', ...JSON_LINES, 'X-Trino-Set-Session: a=17m', 'Content-Length: 637'],
  ],
  [
    'a query that is not found',
    'other',
    ['HTTP/1.1 404 Not Found', DATE, 'Content-Type: text/plain', 'Content-Length: 36'],
  ],
  ['a cancellation', 'other', ['HTTP/1.1 204 No Content', DATE]],
  ['HEAD', 'HEAD', ['HTTP/1.1 200 OK', DATE, 'Content-Type: application/json', 'Content-Length: 0']],
])('an answer of Trino is read: %s', (_, asked, lines) => {
  const bytes = Buffer.from(`${lines.join('\r\n')}\r\n\r\n`);
  expect(new ResponseHeads().read(bytes, 0, bytes.length, asked)).toMatchObject({
    keepsAlive: true,
    length: bytes.length,
  });
});
