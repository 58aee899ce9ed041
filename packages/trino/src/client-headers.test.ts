import { describe, expect, test } from '@jest/globals';
import {
  basicCredentials,
  clientTags,
  connectionPropertiesText,
  parseConnectionProperties,
  querySource,
  sessionUser,
  transactionHeader,
} from './client-headers.ts';

const basic = (text: string) => `Basic ${Buffer.from(text, 'latin1').toString('base64')}`;

test.each([
  [
    ['X-Trino-Client-Tags', 'a, a,b,,  B '],
    ['a', 'b', 'B'],
  ],
  [['X-Trino-Client-Tags', 'a', 'X-Trino-Client-Tags', 'b'], ['a']],
  [['x-presto-client-tags', 'etl'], ['etl']],
  [['X-Trino-Client-Tags', ''], []],
  [[], []],
])('tags of %j are %j, as Trino counts them', (headers, tags) => {
  expect(clientTags(headers)).toEqual(tags);
});

describe('connection properties', () => {
  test.each<[string | undefined, Record<string, string> | undefined]>([
    ['a=1', { a: '1' }],
    [' a = 1 , b=x%20y%2C%3D,c=p+q,', { a: '1', b: 'x y,=', c: 'p q' }],
    ['a=', { a: '' }],
    ['a=1,a=2', { a: '2' }],
    ['', {}],
    [undefined, {}],
    ['a', undefined],
    ['=1', undefined],
    ['a=1=2', undefined],
    ['a=%zz', undefined],
    ['a=1,b', undefined],
  ])('%j', (text, expected) => {
    const properties = parseConnectionProperties(text);
    expect(properties === undefined ? undefined : Object.fromEntries(properties)).toEqual(expected);
  });

  test('the text is taken from either family', () => {
    expect(connectionPropertiesText(['X-Presto-Connection-Properties', ' a=1 '])).toBe('a=1');
    expect(connectionPropertiesText(['X-Trino-Connection-Properties', ' '])).toBeUndefined();
  });
});

const uuid = '3497e4d5-861c-4655-837c-cacc61ead40c';
test.each([
  [[], { kind: 'absent' }],
  [['X-Trino-Transaction-Id', ''], { kind: 'absent' }],
  [['X-Trino-Transaction-Id', 'none'], { kind: 'none' }],
  [['X-Trino-Transaction-Id', ` ${uuid.toUpperCase()} `], { kind: 'open', id: uuid }],
  [['x-presto-transaction-id', uuid], { kind: 'open', id: uuid }],
  [['X-Trino-Transaction-Id', `${uuid}0`], { kind: 'malformed', text: `${uuid}0` }],
])('transaction of %j is %j', (headers, expected) => {
  expect(transactionHeader(headers)).toEqual(expected);
});

test.each([
  [['X-Trino-User', ' joe ', 'X-Trino-User', 'eve'], 'joe'],
  [['X-Trino-User', 'joe', 'X-Trino-Original-User', 'eve', 'Authorization', basic('eve:x')], 'joe'],
  [['X-Presto-User', 'joe'], 'joe'],
  [['Authorization', basic('jürgen:a:b')], 'jürgen'],
  [['X-Trino-User', ' ', 'Authorization', basic('eve:')], 'eve'],
  [['Authorization', 'Bearer abc'], undefined],
  [[], undefined],
])('user of %j is %j', (headers, user) => {
  expect(sessionUser(headers)).toBe(user);
});

test.each([
  [basic('joe:a:b'), { user: 'joe', password: 'a:b' }],
  [`BASIC  ${Buffer.from('joe:').toString('base64')}`, { user: 'joe', password: '' }],
  [basic('joe'), undefined],
  [basic(':x'), undefined],
  ['Basic', undefined],
  ['Basic a b', undefined],
  ['Negotiate abc', undefined],
])('credentials of %j', (authorization, expected) => {
  expect(basicCredentials(['Authorization', authorization])).toEqual(expected);
});

test('a source is taken as it is, an empty one is none', () => {
  expect(querySource(['X-Trino-Source', ' cli '])).toBe(' cli ');
  expect(querySource(['X-Trino-Source', ''])).toBeUndefined();
});
