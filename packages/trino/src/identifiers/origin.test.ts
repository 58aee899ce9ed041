import { expect, test } from '@jest/globals';
import { normalizedOrigin, restBelow } from './origin.ts';

test.each([
  ['http://H:80/x', 'http://h'],
  ['https://h:80', 'https://h:80'],
  ['https://[::1]:443/', 'https://[::1]'],
  ['ftp://h', undefined],
])('the origin of %s is %s', (url, origin) => {
  expect(normalizedOrigin(url)).toBe(origin);
});

test.each([
  ['http://h:8080/a?b', 'http://h:8080', '/a?b'],
  ['http://h:80?b', 'HTTP://H/', '?b'],
  ['http://h', 'http://h', ''],
  ['https://h/trino/v1', 'https://h/trino', '/v1'],
  ['https://h/trino', 'https://h/trino', ''],
  ['https://h/trinox/v1', 'https://h/trino', undefined],
  ['https://h/v1', 'https://h/trino', undefined],
  ['https://h:99/trino/v1', 'https://h/trino', undefined],
  ['http://h.evil/a', 'http://h', undefined],
  ['http://h@evil/a', 'http://h', undefined],
  ['/a', 'http://h', undefined],
])('of %s below %s the rest is %s', (url, base, rest) => expect(restBelow(url, base)).toBe(rest));
