import { expect, test } from '@jest/globals';
import { isLoopback } from '../index.ts';

test.each([
  '127.0.0.1',
  '127.255.255.254',
  '::1',
  '[::1]',
  '::ffff:127.0.0.1',
  'localhost',
  'LOCALHOST.',
  'a.localhost',
])('%s is this machine', (host) => {
  expect(isLoopback(host)).toBe(true);
});

test.each([
  '0.0.0.0',
  '::',
  '10.0.0.1',
  '128.0.0.1',
  '::2',
  '::ffff:10.0.0.1',
  'localhost.example',
  'notlocalhost',
  '127.0.0.1.example',
  '',
])('"%s" may be another one', (host) => {
  expect(isLoopback(host)).toBe(false);
});
