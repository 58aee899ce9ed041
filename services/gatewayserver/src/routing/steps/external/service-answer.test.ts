import { describe, expect, test } from '@jest/globals';
import { messageOf, readAnswer } from './service-answer.ts';

const answer = (text: string, status = 200, contentType = 'application/json') => ({ status, contentType, text });
const read = (value: unknown, excluded: string[] = []) => readAnswer(answer(JSON.stringify(value)), new Set(excluded));

describe("an answer of the Java gateway's shape is understood", () => {
  test.each([
    [
      { routingGroup: 'etl', errors: [], externalHeaders: {} },
      { groupId: 'etl', errors: [], headers: {} },
    ],
    [
      { routingGroup: 'etl', errors: null },
      { groupId: 'etl', errors: [], headers: {} },
    ],
    [
      { routingGroup: null, errors: ['no'] },
      { groupId: '', errors: ['no'], headers: {} },
    ],
    [{ more: { a: [1] } }, { groupId: '', errors: [], headers: {} }],
  ])('%j', (given, expected) => {
    expect(read(given)).toEqual(expected);
  });

  test('whatever JSON is called', () => {
    for (const type of [
      'application/json',
      'application/json; charset=utf-8',
      'APPLICATION/JSON',
      'application/problem+json',
    ])
      expect(readAnswer(answer('{}', 200, type), new Set())).toMatchObject({ groupId: '' });
  });
});

test('headers are set but those that say who the client is, or how its request travels', () => {
  const externalHeaders = {
    'X-Trino-Client-Tags': 'a,b',
    'x-trino-session': 'query_max_run_time=1h',
    'X-Nothing': null,
    'X-Excluded': 'x',
    Authorization: 'Basic eA==',
    Cookie: 'a=b',
    Host: 'evil',
    'Content-Length': '0',
    'Transfer-Encoding': 'chunked',
    'Proxy-Authorization': 'x',
    'X-Forwarded-For': '1.2.3.4',
    'X-Trino-User': 'root',
    'X-Presto-Original-User': 'root',
    'X-Trino-Extra-Credential': 'a=b',
    'X-Trino-Transaction-Id': 'NONE',
  };
  expect(read({ externalHeaders }, ['x-excluded']).headers).toEqual({
    'x-trino-client-tags': 'a,b',
    'x-trino-session': 'query_max_run_time=1h',
  });
});

test.each<[string, Parameters<typeof readAnswer>[0], string]>([
  ['a redirect', answer('', 302), 'the service answered 302: redirects are not followed'],
  ['an error', answer('{}', 500), 'the service answered 500'],
  ['nothing', answer('', 204), 'the service answered 204'],
  ['HTML', answer('<html>', 200, 'text/html'), 'the service did not answer with application/json'],
  ['HTML that claims to be JSON', answer('<html>'), 'the service did not answer with JSON'],
  ['half of it', answer('{"routingGroup":"e'), 'the service did not answer with JSON'],
  ['NaN', answer('{"routingGroup":NaN}'), 'the service did not answer with JSON'],
  ['a text', answer('"etl"'), 'the service did not answer with a JSON object'],
  ['a list', answer('["etl"]'), 'the service did not answer with a JSON object'],
  ['a group that is no text', answer('{"routingGroup":1}'), "routingGroup of the service's answer is not a text"],
  ['errors that are none', answer('{"errors":"x"}'), "errors of the service's answer is not a list of texts"],
  ['errors of numbers', answer('{"errors":[1]}'), "errors of the service's answer is not a list of texts"],
  [
    'headers that are none',
    answer('{"externalHeaders":[]}'),
    "externalHeaders of the service's answer is not an object",
  ],
  [
    'a header of two lines',
    answer('{"externalHeaders":{"x-a":"b\\r\\nx-c: d"}}'),
    'the service set a header that cannot be sent',
  ],
  [
    'a header with another name',
    answer('{"externalHeaders":{"x a":"b"}}'),
    'the service set a header that cannot be sent',
  ],
  [
    'a header beyond Latin-1',
    answer('{"externalHeaders":{"x-a":"\u{1F600}"}}'),
    'the service set a header that cannot be sent',
  ],
  [
    'a header that is a number',
    answer('{"externalHeaders":{"x-a":1}}'),
    'the service set a header that cannot be sent',
  ],
  [
    'a huge header',
    answer(JSON.stringify({ externalHeaders: { 'x-a': 'b'.repeat(100_000) } })),
    'the service set a header that cannot be sent',
  ],
  [
    'a thousand headers',
    answer(
      JSON.stringify({
        externalHeaders: Object.fromEntries(Array.from({ length: 1_000 }, (_, at) => [`x-${at}`, 'a'])),
      }),
    ),
    'the service set more than 100 headers',
  ],
  ['deep JSON', answer(`{"a":${'['.repeat(10_000)}`), 'the service did not answer with JSON'],
])('%s is no answer', (_, given, message) => {
  expect(() => readAnswer(given, new Set())).toThrow(message);
});

test('errors become one printable line of a bounded length', () => {
  expect(messageOf(['a\r\nb', 'c\u0000\u202Ed'])).toBe('a b, c d');
  expect(messageOf(['\ud800'])).toBe('\ufffd');
  expect(messageOf(['x'.repeat(1_000_000)]).length).toBe(2_001);
});
