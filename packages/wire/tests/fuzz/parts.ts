import type { Random } from './random.ts';

/** Characters that end, hide or join something for one parser and not for another. */
export const NASTY: readonly string[] = [
  ...['\0', '\x01', '\t', '\n', '\x0b', '\x0c', '\r', '\x1b', ' ', '\x7f', '\x80', '\x85', '\xa0', '\xff'],
  ...[':', ';', ',', '"', '#', '?', '/', '\\', '(', '@', '%', '+', '-', '0', '9', 'x', '_', '='],
];

const LINE_ENDS: readonly string[] = [
  '\n',
  '\r',
  '\r\r\n',
  '\n\r',
  '\r\n ',
  '\r\n\t',
  ' \r\n',
  '\t\r\n',
  '',
  '\0\r\n',
  '\r\n\r\n',
];
const COLONS: readonly string[] = [
  ':',
  ':\t',
  ':   ',
  ': \t ',
  ' : ',
  '\t: ',
  '',
  ' ',
  ':\x0b',
  ':\r\n ',
  ':\0',
  '::',
  ': :',
];

const NAMES: readonly string[] = [
  ...['X-Trino-User', 'x-trino-source', 'X-Trino-Session', 'Accept', 'User-Agent', 'Authorization', 'Accept-Encoding'],
  ...['X-Forwarded-For', 'Vary', 'Date', 'Content-Type', 'Content-Encoding', 'Set-Cookie', "!#$%&'*+-.^_`|~0aZ"],
];
const VALUES: readonly string[] = [
  ...[
    'joe',
    '',
    'a, b',
    'a b  c',
    'a\tb',
    'gzip, deflate',
    'Basic YTpi',
    'k=v; Path=/',
    '\xe4\xf6',
    'Sat, 21 Nov 2026 07:22:28 GMT',
  ],
  ...['"quoted"', 'x'.repeat(40), 'chunked', 'close', 'a:b'],
];
const NASTY_NAMES: readonly string[] = [
  ...[
    '',
    ' ',
    'X A',
    'X(A)',
    'X-\xc4',
    'X\0',
    'X\r',
    'X\n',
    '\tX',
    ' X',
    'Content-Length ',
    'Transfer-Encoding\t',
    ':authority',
  ],
  ...[
    'Content_Length',
    'Transfer_Encoding',
    'Content-Lengt',
    'Content-Lengthy',
    'Content\u0000-Length',
    'X"',
    'X@',
    'X[',
    'X{',
    'X/',
  ],
];
const NASTY_VALUES: readonly string[] = [
  ...['a\0b', 'a\rb', 'a\nb', 'a\r\n b', 'a\x7f', 'a\x1b', '\x0b', '\x0cchunked', 'a\r', '\r\n', 'x'.repeat(300)],
];

/** Lines that frame a message or a connection, or seem to, in ways in which parsers have differed. */
const FRAMING_NAMES: readonly string[] = [
  ...[
    'Content-Length',
    'content-length',
    'CONTENT-LENGTH',
    'Transfer-Encoding',
    'transfer-encoding',
    'Connection',
    'connection',
  ],
  ...[
    'Host',
    'host',
    'Expect',
    'Upgrade',
    'TE',
    'Trailer',
    'Keep-Alive',
    'Proxy-Connection',
    'HTTP2-Settings',
    'Proxy-Authorization',
  ],
];
const FRAMING_VALUES: readonly string[] = [
  ...[
    '0',
    '5',
    '05',
    '000000000000005',
    '0000000000000005',
    '+5',
    '-5',
    '0x5',
    '5.0',
    '5e0',
    '5 ',
    '5 5',
    '5, 5',
    '5,5',
    '5;a',
    '',
    ' ',
  ],
  ...[
    '18446744073709551621',
    '4294967301',
    '999999999999999',
    '9007199254740993',
    '\x0b5',
    '5\x0b',
    '5\xa0',
    '5\0',
    '"5"',
    '5_0',
  ],
  ...[
    'chunked',
    'Chunked',
    ' chunked',
    'chunked ',
    '\tchunked\t',
    'xchunked',
    'chunked, chunked',
    'gzip, chunked',
    'chunked, gzip',
  ],
  ...[
    'identity',
    'chunked;q=1',
    ', chunked',
    'chunked,',
    '"chunked"',
    'chunke',
    'close',
    'Close',
    'keep-alive',
    'Keep-Alive',
    'KEEP-ALIVE',
  ],
  ...[
    'keep-alive, close',
    'close, keep-alive',
    'upgrade',
    'Upgrade, HTTP2-Settings',
    'x-trino-user',
    'closed',
    'h2c',
    'websocket',
  ],
  ...[
    '100-continue',
    'trailers',
    'a',
    'a:80',
    'a:0',
    'a:65536',
    'a:80:80',
    '[::1]:80',
    '[::1',
    'a@b',
    'a b',
    'a/b',
    'a,b',
    'timeout=5',
  ],
];

export const lineEnd = (random: Random) => (random.onceIn(150) ? random.pick(LINE_ENDS) : '\r\n');

const colon = (random: Random) => (random.onceIn(80) ? random.pick(COLONS) : random.onceIn(20) ? ':' : ': ');

/** One line as it should be, or nearly. */
export function line(random: Random, name: string, value: string): string {
  return `${name}${colon(random)}${value}${lineEnd(random)}`;
}

/** Lines between those that matter; at times one that does. */
export function otherLines(random: Random): string {
  let lines = '';
  const few = random.onceIn(2_000) ? 300 : random.below(5);
  for (let n = 0; n < few; n++) {
    const name = random.onceIn(60) ? random.pick(NASTY_NAMES) : random.pick(NAMES);
    const value = random.onceIn(60) ? random.pick(NASTY_VALUES) : random.pick(VALUES);
    lines += line(random, name, value);
  }
  if (random.onceIn(12)) lines += line(random, random.pick(FRAMING_NAMES), random.pick(FRAMING_VALUES));
  if (random.onceIn(20_000)) lines += line(random, 'X-Long', 'x'.repeat(70_000));
  return lines;
}

/** What a Connection line says, mostly what clients say. */
export function connectionLine(random: Random): string {
  if (random.onceIn(2)) return '';
  const value = random.onceIn(15)
    ? random.pick(FRAMING_VALUES)
    : random.pick(['keep-alive', 'Keep-Alive', 'keep-alive', 'close']);
  return line(random, random.pick(['Connection', 'connection']), value);
}

const BODIES: readonly string[] = [
  ...[
    'SELECT 1',
    '',
    '\r\n',
    '0\r\n\r\n',
    'GET / HTTP/1.1\r\nHost: a\r\n\r\n',
    '{"id":"x"}',
    '\0\xff\r\n\r\n',
    'HTTP/1.1 200 OK\r\n\r\n',
  ],
];

export const bodyText = (random: Random) =>
  random.onceIn(2) ? 'x'.repeat(random.below(random.onceIn(50) ? 3_000 : 60)) : random.pick(BODIES);
export const framingValue = (random: Random) => random.pick(FRAMING_VALUES);

/** A length that is mostly the right one, in one of its forms. */
export function lengthValue(random: Random, length: number): string {
  if (random.onceIn(25)) return random.pick(FRAMING_VALUES);
  if (random.onceIn(40)) return String(Math.max(0, length + random.below(5) - 2));
  return random.onceIn(20) ? String(length).padStart(random.below(20), '0') : String(length);
}
