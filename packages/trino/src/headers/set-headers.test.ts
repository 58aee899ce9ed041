import { expect, test } from '@jest/globals';
import { clientTagProblem, sessionPropertyProblem, setHeaderProblem, settableName } from './set-headers.ts';

test.each([
  'X-Trino-Client-Info',
  'X-Trino-Resource-Estimate',
  'X-Trino-Time-Zone',
  'X-Presto-Source',
  'X-Team',
  'traceparent',
])('%s may be set for a query', (name) => expect(setHeaderProblem(name, 'a ü')).toBeUndefined());

test.each([
  'Authorization',
  'PROXY-AUTHORIZATION',
  'Cookie',
  'Host',
  'Content-Length',
  'content-type',
  'Transfer-Encoding',
  'Connection',
  'Keep-Alive',
  'Upgrade',
  'Expect',
  'Accept-Encoding',
  'Forwarded',
  'X-Forwarded-Proto',
  'X-Real-IP',
  'X-Trino-User',
  'x-presto-user',
  'X-Trino-Original-User',
  'X-Trino-Role',
  'X-Trino-Extra-Credential',
  'X-Trino-Internal-Bearer',
  'X-Trino-Transaction-Id',
  'X-Presto-Prepared-Statement',
  '',
  'a b',
  'a:b',
  'a\r\nX-Evil',
  'ü',
  'x'.repeat(129),
])('%j may not', (name) => expect(setHeaderProblem(name, 'a')).toEqual(expect.any(String)));

test.each(['', ' ', 'a\nb', 'a\r\nX: y', 'a\0', 'łódź', 'x'.repeat(10_001)])('no header has the value %j', (value) =>
  expect(setHeaderProblem('X-Team', value)).toMatch('no header can carry'),
);

test('X-Presto-* is set as X-Trino-*', () => expect(settableName('x-presto-Source')).toBe('X-Trino-Source'));

test.each([
  ['query_max_run_time', '1h', true],
  ['hive.insert_existing_partitions_behavior', 'łódź, = %', true],
  ['a.b.c', '1', false],
  ['a=b', '1', false],
  ['', '1', false],
  ['a', '\ud800', false],
  ['a', 'x'.repeat(1_001), false],
])('the session property %s=%j is possible: %s', (name, value, isPossible) =>
  expect(sessionPropertyProblem(name, value) === undefined).toBe(isPossible),
);

test.each([
  ['etl', true],
  ['a b', true],
  [' ', false],
  ['a,b', false],
  ['東京', false],
  ['a\nb', false],
])('the tag %j is possible: %s', (tag, isPossible) => expect(clientTagProblem(tag) === undefined).toBe(isPossible));
