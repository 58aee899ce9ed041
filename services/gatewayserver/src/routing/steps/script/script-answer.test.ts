import { describe, expect, test } from '@jest/globals';
import { readAnswer } from './script-answer.ts';

const read = (result: unknown) => readAnswer(JSON.stringify({ result })).result;

describe('what a script may return', () => {
  test.each([
    ['nothing', undefined, { kind: 'none' }],
    ['null', null, { kind: 'none' }],
    ['a group', 'etl', { kind: 'group', groupId: 'etl', effects: {} }],
    ['an object with a group', { group_id: 'etl' }, { kind: 'group', groupId: 'etl', effects: {} }],
    [
      'absent fields',
      { group_id: 'etl', refuse: null, priority: null },
      { kind: 'group', groupId: 'etl', effects: {} },
    ],
    ['a refusal', { refuse: 'ask first' }, { kind: 'refusal', message: 'ask first' }],
  ])('%s', (_, result, expected) => {
    expect(read(result)).toEqual(expected);
  });

  test('all that a rule may add', () => {
    const result = {
      group_id: 'etl',
      priority: -5,
      request_source: 'night',
      add_client_tags: [' a ', 'b'],
      session_properties: { query_max_run_time: '1h', 'hive.x': 'y' },
      set_headers: { 'X-Trino-Client-Info': 'by script' },
      strict: true,
    };
    expect(read(result)).toMatchObject({
      groupId: 'etl',
      effects: {
        priority: -5,
        requestSource: 'night',
        addClientTags: ['a', 'b'],
        sessionProperties: { query_max_run_time: '1h', 'hive.x': 'y' },
        setHeaders: { 'X-Trino-Client-Info': 'by script' },
        strict: true,
      },
    });
  });
});

describe('rubbish is refused with what is wrong with it', () => {
  test.each([
    ['a number', 5, /neither nothing, nor a group, nor an object/],
    ['a list', ['etl'], /neither nothing/],
    ['an empty object', {}, /^expected one of/],
    ['two decisions', { group_id: 'a', refuse: 'b' }, /^expected at most one/],
    ['an unknown field', { group_id: 'a', groupId: 'b' }, /"groupId" is no field of a result/],
    ['a field of every object', { group_id: 'a', constructor: 'b' }, /"constructor" is no field/],
    ['a group of no name', '', /^the group: /],
    ['a group of a megabyte', 'x'.repeat(1_000_000), /^the group: .{1,300}$/],
    ['a path for a group', '../etl', /^the group: /],
    ['a number for a group', { group_id: 5 }, /^group_id: expected a text/],
    ['a priority that is no number', { group_id: 'a', priority: '5' }, /^priority: /],
    ['an infinite priority', { group_id: 'a', priority: 1e9 }, /^priority: /],
    ['a header in the source', { group_id: 'a', request_source: 'a\r\nX-Trino-User: root' }, /^request_source: /],
    ['a header in a header', { group_id: 'a', set_headers: { x: 'a\nb' } }, /^set_headers: /],
    ['a header without a name', { group_id: 'a', set_headers: { 'x: y': 'a' } }, /^set_headers: /],
    ['a tag with a comma', { group_id: 'a', add_client_tags: ['a,b'] }, /^add_client_tags: /],
    ['too many tags', { group_id: 'a', add_client_tags: Array(101).fill('a') }, /^add_client_tags: /],
    ['a property without a name', { group_id: 'a', session_properties: { 'a=b,c': 'd' } }, /^session_properties: /],
    ['a property that is no text', { group_id: 'a', session_properties: { a: 1 } }, /^session_properties: /],
    ['a word for strict', { group_id: 'a', strict: 'no' }, /^strict: /],
    ['a refusal in two lines', { refuse: 'a\nb' }, /^refuse: /],
  ])('%s', (_, result, message) => {
    expect(() => read(result)).toThrow(message);
  });

  test.each([['1'], ['"x"'], ['[]'], ['null']])('an answer that is no answer: %s', (text) => {
    expect(() => readAnswer(text)).toThrow(/the answer/);
  });
});

test('what a script logs is one line, and bounded', () => {
  expect(readAnswer('{"log":"a\\nb\\u001b[31m"}').log).toBe('a b [31m');
  expect(readAnswer(JSON.stringify({ log: 'x'.repeat(5_000) })).log).toHaveLength(1_000);
  expect(readAnswer('{"log":{"a":1}}').log).toBe('');
});
