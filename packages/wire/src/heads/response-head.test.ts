import { describe, expect, test } from '@jest/globals';
import { type ResponseHead, ResponseHeads } from './response-head.ts';

const answer = (lines: string, first = 'HTTP/1.1 200 OK\r\n') =>
  `${first}Content-Type: application/json\r\n${lines}\r\n`;
const sized = (first: string) => answer('Content-Length: 5\r\n', first);

/** What is read of these bytes: at once, and byte by byte, which must be the same. */
function read(text: string, asked: 'HEAD' | 'other' = 'other'): ReturnType<ResponseHeads['read']> {
  const bytes = Buffer.from(text, 'latin1');
  const atOnce = new ResponseHeads().read(bytes, 0, bytes.length, asked);
  const slow = new ResponseHeads();
  let outcome: ReturnType<ResponseHeads['read']> = 'incomplete';
  for (let end = 0; end <= bytes.length && outcome === 'incomplete'; end++) outcome = slow.read(bytes, 0, end, asked);
  expect(outcome).toEqual(atOnce);
  return atOnce;
}

test('the head of a page is read as it was sent, one after another', () => {
  const page = 'HTTP/1.1 200 OK\r\nDate: Sat, 21 Nov 2026 07:22:28 GMT\r\nContent-Length: 724\r\n\r\n';
  const expected = {
    status: 200,
    reason: 'OK',
    length: page.length,
    rawHeaders: ['Date', 'Sat, 21 Nov 2026 07:22:28 GMT', 'Content-Length', '724'],
    body: { kind: 'length', bytes: 724 },
    block: {},
    keepsAlive: true,
  };
  expect(read(page)).toEqual(expected);
  const heads = new ResponseHeads();
  const bytes = Buffer.from(`xx${page}${page}`);
  expect(heads.read(bytes, 2, bytes.length, 'other')).toEqual(expected);
  expect(heads.read(bytes, 2 + page.length, bytes.length, 'other')).toEqual(expected);
});

describe('after another answer', () => {
  const page = (length: string, date = 'Sat, 21 Nov 2026 07:22:28 GMT', more = '') =>
    `HTTP/1.1 200 OK\r\nDate: ${date}\r\nVary: a\r\nContent-Length: ${length}\r\n${more}\r\n`;
  const inTurn = (first: string, ...then: string[]) => {
    const heads = new ResponseHeads();
    return [first, ...then].map((text) => {
      const bytes = Buffer.from(text, 'latin1');
      return heads.read(bytes, 0, bytes.length, 'other') as ResponseHead;
    });
  };

  test('one that differs in Date and Content-Length only has their values, and the same block', () => {
    const texts = [page('724'), page('0', 'Sat, 21 Nov 2026 07:22:29 GMT'), page('16000000')];
    const heads = inTurn(texts[0] as string, ...texts.slice(1));
    for (const [at, head] of heads.entries()) {
      expect(head).toEqual(read(texts[at] as string));
      expect(head.block).toBe(heads[0]?.block);
    }
    // The first has not changed since.
    expect(heads[0]?.rawHeaders).toEqual((read(texts[0] as string) as ResponseHead).rawHeaders);
  });

  test.each<[string, string]>([
    ['a length with zeros before', page('0724')],
    ['a Date of another length', page('724', 'now')],
    ['spaces around Date', page('724', ' Sat, 21 Nov 2026 07:22:28 GM ')],
    ['another line', page('724', undefined, 'X-A: b\r\n')],
    ['another status', page('724').replace('200 OK', '404 OK')],
    ['another reason', page('724').replace('200 OK', '200 KO')],
    [
      'another order',
      `HTTP/1.1 200 OK\r\nContent-Length: 724\r\nVary: a\r\nDate: Sat, 21 Nov 2026 07:22:28 GMT\r\n\r\n`,
    ],
    ['chunks', page('724').replace('Content-Length: 724', 'Transfer-Encoding: chunked')],
  ])('%s: read as if there had been no other', (_, text) => {
    const [first, second] = inTurn(page('724'), text);
    expect(second).toEqual(read(text));
    expect(second?.block).not.toBe(first?.block);
  });

  test.each<[string, string]>([
    ['a length with a plus', page('+724')],
    ['a length of sixteen digits', page('1234567890123456')],
    ['no length', page('')],
    ['two lengths', page('724\r\nContent-Length: 724')],
    ['a control character in Date', page('724', 'Sat, 21 Nov 2026 07:22:28\0GMT')],
    ['CR in Date', page('724', 'Sat, 21 Nov 2026 07:22:28\rGMT')],
    ['a tab behind Date', page('724', 'Sat, 21 Nov 2026 07:22:28 GM\t')],
  ])('%s is as unusual as ever', (_, text) => {
    expect(inTurn(page('724'), text)[1]).toBe('unusual');
  });

  test('one that has come in part is waited for', () => {
    const heads = new ResponseHeads();
    const bytes = Buffer.from(page('724'));
    heads.read(bytes, 0, bytes.length, 'other');
    for (let end = 1; end < bytes.length; end++) expect(heads.read(bytes, 0, end, 'other')).toBe('incomplete');
    expect(heads.read(bytes, 0, bytes.length, 'HEAD')).toMatchObject({ body: { kind: 'none' } });
  });
});

test.each<[string, string, Partial<ResponseHead>]>([
  ['chunks', answer('Transfer-Encoding: chunked\r\n'), { body: { kind: 'chunked' } }],
  ['chunks in any letters', answer('transfer-encoding: Chunked\r\n'), { body: { kind: 'chunked' } }],
  ['a length of 0', answer('Content-Length: 0\r\n'), { body: { kind: 'none' } }],
  ['204', answer('', 'HTTP/1.1 204 No Content\r\n'), { status: 204, body: { kind: 'none' } }],
  ['304', answer('', 'HTTP/1.1 304 Not Modified\r\n'), { status: 304, body: { kind: 'none' } }],
  ['an error', sized('HTTP/1.1 503 Service Unavailable\r\n'), { status: 503, reason: 'Service Unavailable' }],
  ['the last of its connection', answer('Content-Length: 5\r\nConnection: close\r\n'), { keepsAlive: false }],
  ['one that says it stays', answer('Content-Length: 5\r\nConnection: keep-alive\r\n'), { keepsAlive: true }],
  ['one that says how long', answer('Content-Length: 5\r\nKeep-Alive: timeout=5\r\n'), { keepsAlive: true }],
  ['no reason', sized('HTTP/1.1 200 \r\n'), { reason: '' }],
  ['Latin-1 in the reason', sized('HTTP/1.1 200 \xdcber\r\n'), { reason: '\xdcber' }],
])('%s is read', (_, text, expected) => {
  expect(read(text)).toMatchObject(expected);
});

test.each(['Content-Length: 724\r\n', 'Transfer-Encoding: chunked\r\n'])(
  'an answer to HEAD has no body: %j',
  (line) => {
    expect(read(answer(line), 'HEAD')).toMatchObject({ body: { kind: 'none' }, keepsAlive: true });
  },
);

describe('unusual is', () => {
  test.each<[string, string]>([
    ['100', answer('', 'HTTP/1.1 100 Continue\r\n')],
    ['101', answer('Upgrade: h2c\r\n', 'HTTP/1.1 101 Switching Protocols\r\n')],
    ['103', answer('', 'HTTP/1.1 103 Early Hints\r\n')],
    ['a status below 200', sized('HTTP/1.1 099 x\r\n')],
    ['status 600', sized('HTTP/1.1 600 x\r\n')],
    ['a status of two digits', sized('HTTP/1.1 20 OK\r\n')],
    ['a status of four digits', sized('HTTP/1.1 2000 OK\r\n')],
    ['a status of letters', sized('HTTP/1.1 2xx OK\r\n')],
    ['no space behind the status', sized('HTTP/1.1 200\r\n')],
    ['two spaces before the status', sized('HTTP/1.1  200 OK\r\n')],
    ['HTTP/1.0', sized('HTTP/1.0 200 OK\r\n')],
    ['HTTP/2.0', sized('HTTP/2.0 200 OK\r\n')],
    ['another protocol', 'SSH-2.0-OpenSSH_9.6\r\n'],
    ['HTTP/0.9', '{"id":"x"}'],
    ['an empty line before the answer', `\r\n${sized('HTTP/1.1 200 OK\r\n')}`],
    ['CR in the reason', sized('HTTP/1.1 200 a\rb\r\n')],
    ['a control character in the reason', sized('HTTP/1.1 200 a\x01\r\n')],
    ['a bare LF behind the status line', sized('HTTP/1.1 200 OK\n')],
    ['a bare LF behind a line', answer('X-A: b\nContent-Length: 5\r\n')],
    ['a folded line', answer('X-A: b\r\n c\r\nContent-Length: 5\r\n')],
    ['a space before a colon', answer('Content-Length : 5\r\n')],
    ['NUL in a value', answer('X-A: \0\r\nContent-Length: 5\r\n')],
    ['a body that ends with the connection', answer('')],
    ['a length and chunks', answer('Content-Length: 5\r\nTransfer-Encoding: chunked\r\n')],
    ['two lengths', answer('Content-Length: 5\r\nContent-Length: 5\r\n')],
    ['a list of lengths', answer('Content-Length: 5, 5\r\n')],
    ['a length with a plus', answer('Content-Length: +5\r\n')],
    ['an empty length', answer('Content-Length:\r\n')],
    ['another coding before chunks', answer('Transfer-Encoding: gzip, chunked\r\n')],
    ['chunks twice', answer('Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n')],
    ['identity', answer('Transfer-Encoding: identity\r\nContent-Length: 5\r\n')],
    ['chunks behind a tab', answer('Transfer-Encoding: \tchunked\r\n')],
    ['chunks before a tab', answer('Transfer-Encoding: chunked\t\r\n')],
    ['204 with a length', answer('Content-Length: 5\r\n', 'HTTP/1.1 204 No Content\r\n')],
    ['204 with chunks', answer('Transfer-Encoding: chunked\r\n', 'HTTP/1.1 204 No Content\r\n')],
    ['304 with a length', answer('Content-Length: 5\r\n', 'HTTP/1.1 304 Not Modified\r\n')],
    ['205', answer('Content-Length: 0\r\n', 'HTTP/1.1 205 Reset Content\r\n')],
    ['Upgrade', answer('Content-Length: 5\r\nUpgrade: h2c\r\n')],
    ['Trailer', answer('Transfer-Encoding: chunked\r\nTrailer: X-A\r\n')],
    ['a Connection line that names others', answer('Content-Length: 5\r\nConnection: X-A\r\n')],
    ['Proxy-Authenticate', answer('Content-Length: 5\r\nProxy-Authenticate: Basic\r\n')],
    ['more than 256 lines', answer(`${'X-A: b\r\n'.repeat(255)}Content-Length: 5\r\n`)],
    ['a head of more than 64 KB', answer(`X-A: ${'x'.repeat(65_536)}\r\nContent-Length: 5\r\n`)],
  ])('%s', (_, text) => {
    expect(read(text)).toBe('unusual');
  });

  test('an answer to HEAD that says neither a length nor chunks', () => {
    expect(read(answer(''), 'HEAD')).toBe('unusual');
  });
});
