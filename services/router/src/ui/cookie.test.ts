import { createSecretKey } from 'node:crypto';
import { expect, test } from '@jest/globals';
import { uiCookieName, withoutGatewayCookie } from '../http/gateway-cookie.ts';
import { clearedUiCookie, readUiCookie, uiCookie } from './cookie.ts';

const key = createSecretKey(new Uint8Array(32).fill(1));
const plain = { scheme: 'http', prefix: '' } as const;
const secure = { scheme: 'https', prefix: '' } as const;
const DAY = 86_400_000;
const pairOf = (setCookie: string) => setCookie.split(';')[0] ?? '';
const made = pairOf(uiCookie('blue', plain, { key, nowMs: 1_000 }));
const read = (cookie: string, nowMs = 2_000, by = key) => readUiCookie(['Cookie', cookie], { key: by, nowMs });

test('it names the cluster, is hidden from scripts, and over https is secure', () => {
  expect(uiCookie('blue', secure, { key, nowMs: 1_000 })).toBe(
    `${made}; Path=/; Max-Age=86400; HttpOnly; SameSite=Lax; Secure`,
  );
  expect(clearedUiCookie(plain)).toBe(`${uiCookieName}=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax`);
  expect(clearedUiCookie({ ...plain, prefix: '/trino' })).toContain('; Path=/trino; ');
  expect(read(made)).toBe('blue');
  expect(read(`a=1; ${made};b=2`)).toBe('blue');
  expect(readUiCookie(['Cookie', 'a=1', 'cookie', made], { key, nowMs: 2_000 })).toBe('blue');
});

test.each([
  ['none', 'a=1'],
  ['an empty one', `${uiCookieName}=`],
  [
    'another payload under that signature',
    made.replace(/=[^.]*/, `=${Buffer.from('["red",9e15]').toString('base64url')}`),
  ],
  ['no signature', made.replace(/\..*/, '')],
  ['a signature cut short', made.slice(0, -2)],
  ['a signature of something else', `${made.split('.')[0]}.${'A'.repeat(43)}`],
  ['another name', made.replace(uiCookieName, `x${uiCookieName}`)],
])('with %s the browser belongs to no cluster', (_, cookie) => expect(read(cookie)).toBeUndefined());

test('it ends after a day, and with the key', () => {
  expect(read(made, 1_000 + DAY - 1)).toBe('blue');
  expect(read(made, 1_000 + DAY)).toBeUndefined();
  expect(read(made, 2_000, createSecretKey(new Uint8Array(32).fill(2)))).toBeUndefined();
});

test('a valid one counts beside a forged one', () => expect(read(`${uiCookieName}=x.y; ${made}`)).toBe('blue'));

test.each<[string[], string[]]>([
  [
    ['Cookie', `a=1; ${made}; b="2"`],
    ['Cookie', 'a=1; b="2"'],
  ],
  [
    ['X', 'y', 'cookie', made],
    ['X', 'y'],
  ],
  [
    ['Cookie', 'a=1', 'Cookie', `${uiCookieName}=forged`],
    ['Cookie', 'a=1'],
  ],
  [
    ['Cookie', 'a=1;b=2'],
    ['Cookie', 'a=1;b=2'],
  ],
  [
    ['X', made],
    ['X', made],
  ],
])('it is not sent to clusters: %j', (headers, expected) => expect(withoutGatewayCookie(headers)).toEqual(expected));
