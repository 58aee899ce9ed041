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

test('headers are set but those that it is not to, and those of null', () => {
  const externalHeaders = { 'X-Trino-Client-Tags': 'a,b', 'X-Nothing': null, 'X-Excluded': 'x' };
  expect(read({ externalHeaders }, ['x-excluded']).headers).toEqual({ 'x-trino-client-tags': 'a,b' });
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
  ['a header that is a number', answer('{"externalHeaders":{"x-a":1}}'), 'the service set a header that is not a text'],
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
