import { expect, test } from '@jest/globals';
import { normalizedOrigin } from './origin.ts';

test.each([
  ['http://H:80/x', 'http://h'],
  ['https://h:80', 'https://h:80'],
  ['https://[::1]:443/', 'https://[::1]'],
  ['ftp://h', undefined],
])('the origin of %s is %s', (url, origin) => {
  expect(normalizedOrigin(url)).toBe(origin);
});
