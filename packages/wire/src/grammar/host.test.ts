import { expect, test } from '@jest/globals';
import { isHost } from './host.ts';

test.each([
  'a',
  'gw:8080',
  'Gateway.example.com',
  'a.b.',
  'a_b-c',
  '127.0.0.1:18081',
  '[::1]',
  '[::ffff:1.2.3.4]:65535',
])('%s is a host', (text) => {
  expect(isHost(text)).toBe(true);
});

test.each([
  ['nothing', ''],
  ['a port alone', ':80'],
  ['no port behind a colon', 'a:'],
  ['port 0', 'a:0'],
  ['a port beyond 65535', 'a:65536'],
  ['a port with zeros before', 'a:080'],
  ['two ports', 'a:80:80'],
  ['a user', 'user@a'],
  ['a list', 'a, b'],
  ['a path', 'a/b'],
  ['a space in it', 'a b'],
  ['two dots', 'a..b'],
  ['a dot before', '.a'],
  ['IPv6 without brackets', '::1'],
  ['an open bracket', '[::1'],
  ['no address in brackets', '[abc]'],
  ['a zone', '[fe80::1%25eth0]'],
  ['an escape', 'a%41'],
  ['letters beyond ASCII', 'm\xfcnchen'],
  ['more than a name may have', 'a'.repeat(255)],
])('no host: %s', (_, text) => {
  expect(isHost(text)).toBe(false);
});
