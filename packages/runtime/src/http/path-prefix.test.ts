import { expect, test } from '@jest/globals';
import { readPathPrefix } from './path-prefix.ts';

test.each([
  ['/trino', '/trino'],
  ['/trino/', '/trino'],
  ['trino', '/trino'],
  [' /data/trino-1.eu ', '/data/trino-1.eu'],
  ['/v10/ui', '/v10/ui'],
  ['', ''],
  ['/', ''],
])('%j is the prefix %j', (text, prefix) => expect(readPathPrefix(text)).toBe(prefix));

test.each([
  ...[
    '/..',
    '/a/../b',
    '/./a',
    '//a',
    '/a//b',
    '/a//',
    '//',
    '/a b',
    '/a\tb',
    '/a%2fb',
    '/a%20b',
    '/a\\b',
    '/a;b',
    '/a?b',
    '/a#b',
  ],
  ...[
    'http://evil',
    '//evil.example/',
    'javascript:x',
    '/a"b',
    "/a'b",
    '/{x}',
    '/a,b',
    '/\u00e9',
    '/a\r\nSet-Cookie: x',
    '/a\n'.repeat(2),
  ],
  ...['/v1', '/v1/statement', '/V1/x', '/ui', '/ui/', '/oauth2/x', `/${'a'.repeat(1_000_000)}`],
])('%j is none', (text) => expect(readPathPrefix(text)).toBeUndefined());
