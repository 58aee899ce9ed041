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
  [['X-Trino-Client-Tags', '', 'X-Trino-Client-Tags', 'b'], []],
  [
    ['X-Trino-Client-Tags', 'a,\u00a0b\u00a0,\u0085c\u0085, \t'],
    ['a', 'b', 'c'],
  ],
  [
    ['x-trino-client-tags', 'a%2cb,"c'],
    ['a%2cb', '"c'],
  ],
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
  [['X-Trino-Transaction-Id', 'NONE', 'X-Trino-Transaction-Id', uuid], { kind: 'none' }],
  [['X-Trino-Transaction-Id', '', 'X-Trino-Transaction-Id', uuid], { kind: 'absent' }],
  [['X-Trino-Transaction-Id', '\u00a0NONE'], { kind: 'malformed', text: '\u00a0NONE' }],
  [['X-Trino-Transaction-Id', `\u00a0${uuid}`], { kind: 'malformed', text: `\u00a0${uuid}` }],
  [['X-Trino-Transaction-Id', '1-2-3-4-5'], { kind: 'malformed', text: '1-2-3-4-5' }],
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
  [['X-Trino-User', '', 'X-Trino-User', 'joe'], undefined],
  [['X-Trino-User', '\u00a0joe\u00a0'], '\u00a0joe\u00a0'],
  [['X-Trino-User', '\u00a0', 'Authorization', basic('eve:')], '\u00a0'],
  [['X-Trino-Original-User', 'joe', 'X-Trino-Original-User', 'eve'], 'joe'],
  [['X-Trino-Original-User', 'joe', 'X-Trino-User', ''], 'joe'],
  [['X-Trino-Original-User', 'joe', 'Authorization', basic('eve:')], 'eve'],
  [['Authorization', basic('joe')], 'joe'],
  [['Authorization', basic(' joe :')], 'joe'],
  [['Authorization', basic('joe:'), 'Authorization', basic('eve:')], 'joe'],
  [['Authorization', 'Bearer abc', 'Authorization', basic('eve:')], undefined],
  [['Authorization', '', 'Authorization', basic('eve:')], undefined],
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
  ['Basic \tam9lOmE', { user: 'joe', password: 'a' }],
  ['Basic\tam9lOmE=', undefined],
  ['Basic am9lOmE==', undefined],
  ['Basic am9lOg=', undefined],
  ['Basic am9lOg==ZXZlOg==', undefined],
  ['Basic am9lOmE=\u00a0', undefined],
  ['Basic am9l_g==', undefined],
  ['Negotiate abc', undefined],
])('credentials of %j', (authorization, expected) => {
  expect(basicCredentials(['Authorization', authorization])).toEqual(expected);
});

test('a source is taken as it is, an empty one counts as absent', () => {
  expect(querySource(['X-Trino-Source', ' cli '])).toBe(' cli ');
  expect(querySource(['X-Trino-Source', ''])).toBeUndefined();
});
