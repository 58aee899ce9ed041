import { describe, expect, test } from '@jest/globals';
import { type RequestHead, RequestHeads } from './request-head.ts';

const TARGET = '/v1/statement/executing/20261121_072228_00317_nitsd/y2bb7/2?maxWait=1s';
const HOST = 'Host: gw:8080\r\n';
const poll = (lines = '', first = `GET ${TARGET} HTTP/1.1\r\n`) => `${first}${HOST}${lines}\r\n`;
const post = (lines: string) => poll(lines, 'POST /v1/statement HTTP/1.1\r\n');

/** What is read of these bytes: at once, and byte by byte, which must be the same. */
function read(text: string, heads: () => RequestHeads = () => new RequestHeads()): ReturnType<RequestHeads['read']> {
  const bytes = Buffer.from(text, 'latin1');
  const atOnce = heads().read(bytes, 0, bytes.length);
  const slow = heads();
  let outcome: ReturnType<RequestHeads['read']> = 'incomplete';
  for (let end = 0; end <= bytes.length && outcome === 'incomplete'; end++) outcome = slow.read(bytes, 0, end);
  expect(outcome).toEqual(atOnce);
  return atOnce;
}
const block = (text: string) => (read(text) as RequestHead).block;

test('a poll is read as it was sent', () => {
  expect(read(poll('X-Trino-User:  joe \r\n'))).toEqual({
    method: 'GET',
    target: TARGET,
    length: poll('X-Trino-User:  joe \r\n').length,
    block: { rawHeaders: ['Host', 'gw:8080', 'X-Trino-User', 'joe'], contentLength: undefined, keepsAlive: true },
  });
});

test('lines that come again are the same object, at once or byte by byte; others are not', () => {
  const heads = new RequestHeads();
  const next = (text: string) => (read(text, () => heads) as RequestHead).block;
  const first = next(poll('X-A: 1\r\n'));
  expect(next(poll('X-A: 1\r\n'))).toBe(first);
  expect(next(poll('X-A: 1\r\n', 'HEAD /other HTTP/1.1\r\n'))).toBe(first);
  expect(next(poll('X-A: 2\r\n'))).not.toBe(first);
  // Longer, shorter, and an empty line earlier.
  expect(next(poll('X-A: 2\r\nX-B: 3\r\n')).rawHeaders).toHaveLength(6);
  expect(next(poll('X-A: 2\r\n')).rawHeaders).toHaveLength(4);
  expect(next(`${poll()}X-A: 2\r\n\r\n`).rawHeaders).toEqual(['Host', 'gw:8080']);
});

test('a head is read wherever it stands, and bytes beyond the end are not looked at', () => {
  const heads = new RequestHeads();
  const text = poll();
  for (let end = 1; end < text.length; end++) {
    const before = end % 5;
    const bytes = Buffer.from(`${'#'.repeat(before)}${text.slice(0, end)}\0\0\r\n\r\n`);
    expect([end, heads.read(bytes, before, before + end)]).toEqual([end, 'incomplete']);
  }
  expect(heads.read(Buffer.from(text), 0, text.length)).toMatchObject({ target: TARGET });
});

test.each<[string, string, Partial<RequestHead['block']>]>([
  ['a length of digits', post('Content-Length: 8\r\n'), { contentLength: 8 }],
  ['zeros before a length', post('Content-Length: 008\r\n'), { contentLength: 8 }],
  ['a length of fifteen digits', post('Content-Length: 999999999999999\r\n'), { contentLength: 999_999_999_999_999 }],
  ['a statement without a length, which has no body', post(''), { contentLength: undefined }],
  ['a length of 0 where no body may be', poll('Content-Length: 0\r\n', 'DELETE /a HTTP/1.1\r\n'), { contentLength: 0 }],
  ['Connection: keep-alive in any letters', poll('connection: Keep-Alive\r\n'), { keepsAlive: true }],
  ['Connection: close', poll('Connection: Close\r\n'), { keepsAlive: false }],
  ['an empty value', poll('X-A:\r\n'), { rawHeaders: ['Host', 'gw:8080', 'X-A', ''] }],
  ['a value of spaces', poll('X-A:   \r\n'), { rawHeaders: ['Host', 'gw:8080', 'X-A', ''] }],
  ['a tab and Latin-1 in a value', poll('X-A: a\tb\xfc\r\n'), { rawHeaders: ['Host', 'gw:8080', 'X-A', 'a\tb\xfc'] }],
  ['repeated lines', poll('X-A: 1\r\nx-a: 2\r\n'), { rawHeaders: ['Host', 'gw:8080', 'X-A', '1', 'x-a', '2'] }],
])('%s is read', (_, text, expected) => {
  expect(block(text)).toMatchObject(expected);
});

describe('unusual is', () => {
  test.each<[string, string]>([
    ['a method in small letters', poll('', 'get / HTTP/1.1\r\n')],
    ['another method', poll('', 'PATCH / HTTP/1.1\r\n')],
    ['OPTIONS', poll('', 'OPTIONS / HTTP/1.1\r\n')],
    ['CONNECT', poll('', 'CONNECT gw:80 HTTP/1.1\r\n')],
    ['the preface of HTTP/2', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'],
    ['a handshake of TLS', '\x16\x03\x01\x02\0\x01'],
    ['an empty line before the request', `\r\n${poll()}`],
    ['a space before the request', ` ${poll()}`],
    ['two spaces behind the method', poll('', 'GET  / HTTP/1.1\r\n')],
    ['a tab behind the method', poll('', 'GET\t/ HTTP/1.1\r\n')],
    ['two spaces behind the target', poll('', 'GET /  HTTP/1.1\r\n')],
    ['no target', poll('', 'GET HTTP/1.1\r\n')],
    ['an absolute target', poll('', 'GET http://gw:8080/ HTTP/1.1\r\n')],
    ['the target *', poll('', 'OPTIONS * HTTP/1.1\r\n')],
    ['a target that begins with two slashes', poll('', 'GET //evil/v1/statement HTTP/1.1\r\n')],
    ['a fragment', poll('', 'GET /a#b HTTP/1.1\r\n')],
    ['a backslash in the target', poll('', 'GET /a\\b HTTP/1.1\r\n')],
    ['a byte beyond ASCII in the target', poll('', 'GET /\xfc HTTP/1.1\r\n')],
    ['NUL in the target', poll('', 'GET /\0 HTTP/1.1\r\n')],
    ['HTTP/1.0', poll('', 'GET / HTTP/1.0\r\n')],
    ['HTTP/2.0', poll('', 'GET / HTTP/2.0\r\n')],
    ['HTTP in small letters', poll('', 'GET / http/1.1\r\n')],
    ['a space behind the version', poll('', 'GET / HTTP/1.1 \r\n')],
    ['HTTP/0.9', 'GET /\r\n'],
    ['a bare LF behind the request line', poll('', 'GET / HTTP/1.1\n')],
    ['a bare LF behind a line', poll('X-A: b\n')],
    ['a bare LF at the end', `GET / HTTP/1.1\r\n${HOST}\n`],
    ['a bare CR in a value', poll('X-A: a\rb\r\n')],
    ['CR CR LF', poll('X-A: a\r\r\n')],
    ['a folded line', poll('X-A: a\r\n b\r\n')],
    ['a line folded by a tab', poll('X-A: a\r\n\tb\r\n')],
    ['a space before the first line', `GET / HTTP/1.1\r\n ${HOST}\r\n`],
    ['a space before the colon', poll('X-A : a\r\n')],
    ['a line without a colon', poll('nothing\r\n')],
    ['an empty name', poll(': a\r\n')],
    ['a space in a name', poll('X A: a\r\n')],
    ['a separator in a name', poll('X(A): a\r\n')],
    ['a name beyond ASCII', poll('X-\xc4: a\r\n')],
    ['NUL in a name', poll('X-\0A: a\r\n')],
    ['NUL in a value', poll('X-A: a\0b\r\n')],
    ['a control character in a value', poll('X-A: \x1b[2J\r\n')],
    ['DEL in a value', poll('X-A: a\x7f\r\n')],
    ['a tab before a value', poll('X-A:\ta\r\n')],
    ['a tab behind a value', poll('X-A: a\t\r\n')],
  ])('%s', (_, text) => {
    expect(read(text)).toBe('unusual');
  });

  test.each<[string, string]>([
    ['no Host', 'GET / HTTP/1.1\r\n\r\n'],
    ['two Hosts', poll('host: gw:8080\r\n')],
    ['two lengths', post('Content-Length: 8\r\ncontent-length: 8\r\n')],
    ['a list of lengths', post('Content-Length: 8, 8\r\n')],
    ['a length with a plus', post('Content-Length: +8\r\n')],
    ['a length with a minus', post('Content-Length: -8\r\n')],
    ['a length in hex', post('Content-Length: 0x8\r\n')],
    ['an empty length', post('Content-Length:\r\n')],
    ['a length of sixteen digits', post('Content-Length: 0000000000000008\r\n')],
    ['a length beyond 64 bits', post('Content-Length: 18446744073709551624\r\n')],
    ['chunks', post('Transfer-Encoding: chunked\r\n')],
    ['any transfer coding', post('Transfer-Encoding: identity\r\nContent-Length: 8\r\n')],
    ['a body of GET', poll('Content-Length: 8\r\n')],
    ['a body of HEAD', poll('Content-Length: 8\r\n', 'HEAD / HTTP/1.1\r\n')],
    ['a body of DELETE', poll('Content-Length: 8\r\n', 'DELETE / HTTP/1.1\r\n')],
    ['Expect', post('Content-Length: 8\r\nExpect: 100-continue\r\n')],
    ['Upgrade', poll('Upgrade: h2c\r\n')],
    ['a Connection line that names others', poll('Connection: keep-alive, X-A\r\n')],
    ['an empty Connection line', poll('Connection:\r\n')],
    ['two Connection lines', poll('Connection: keep-alive\r\nConnection: close\r\n')],
    ['Proxy-Connection', poll('Proxy-Connection: keep-alive\r\n')],
    ['Keep-Alive', poll('Keep-Alive: 5\r\n')],
    ['TE', poll('TE: trailers\r\n')],
    ['Trailer', poll('Trailer: X-A\r\n')],
    ['Proxy-Authorization', poll('Proxy-Authorization: Basic YTpi\r\n')],
    ['more than 256 lines', poll('X-A: b\r\n'.repeat(256))],
    ['a head of more than 64 KB', poll(`X-A: ${'x'.repeat(65_536)}\r\n`)],
  ])('%s', (_, text) => {
    expect(read(text)).toBe('unusual');
  });
});

test('statements between polls do not displace what is known of polls', () => {
  const heads = new RequestHeads();
  const next = (text: string) => (read(text, () => heads) as RequestHead).block;
  const first = next(poll('X-A: 1\r\n'));
  const statement = next(post('Content-Length: 8\r\n'));
  expect(next(poll('X-A: 1\r\n'))).toBe(first);
  expect(next(post('Content-Length: 8\r\n'))).toBe(statement);
});

test('lines that are known of a statement do not give a poll a body', () => {
  const heads = new RequestHeads();
  expect(read(post('Content-Length: 8\r\n'), () => heads)).toMatchObject({ block: { contentLength: 8 } });
  const bytes = Buffer.from(poll('Content-Length: 8\r\n'));
  expect(heads.read(bytes, 0, bytes.length)).toBe('unusual');
});

test('a head of just under 64 KB is read, and one without an end is given up there', () => {
  const rest = 65_536 - poll('X-A: \r\n').length;
  expect(read(poll(`X-A: ${'x'.repeat(rest)}\r\n`))).toMatchObject({ length: 65_536 });
  for (const endless of [`GET /${'x'.repeat(65_536)}`, `GET / HTTP/1.1\r\nX-A: ${'x'.repeat(65_536)}`])
    expect(read(endless)).toBe('unusual');
});

test('a head of 64 KB that comes byte by byte is looked at once', () => {
  const heads = new RequestHeads();
  let looked = 0;
  const bytes = Buffer.from(poll(`X-A: ${'x'.repeat(60_000)}\r\n`));
  const counting = new Proxy(bytes, {
    get: (target, key) => {
      if (typeof key === 'string' && /^\d+$/.test(key)) looked += 1;
      const value = Reflect.get(target, key, target);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
  for (let end = 1; end < bytes.length; end++) heads.read(counting, 0, end);
  expect(looked).toBeLessThan(bytes.length * 5);
});
