import { bodyText, connectionLine, framingValue, lengthValue, line, lineEnd, NASTY, otherLines } from './parts.ts';
import type { Random } from './random.ts';

const METHODS = ['GET', 'GET', 'GET', 'POST', 'POST', 'DELETE', 'HEAD', 'PUT'] as const;
const OTHER_METHODS: readonly string[] = [
  'get',
  'Get',
  'PATCH',
  'OPTIONS',
  'CONNECT',
  'PRI',
  'GE',
  'GETT',
  'POST\t',
  '',
  ' GET',
  '\r\nGET',
  'QUERY',
  'SOURCE',
];
const TARGETS: readonly string[] = [
  ...[
    '/v1/statement',
    '/v1/statement/executing/20261121_072228_00317_nitsd/y2bb7/2',
    '/',
    '/a?b=c&d',
    "/-._~!$&'()*+,;=:@%41/?/",
    '/a?',
  ],
  ...['/v1/query/20261121_072228_00317_nitsd/killed', '/?a?b//c'],
];
const OTHER_TARGETS: readonly string[] = [
  ...[
    '*',
    '',
    '//evil/a',
    'http://a/b',
    'a:443',
    '/a b',
    '/a#b',
    '/\x80',
    '/\0',
    '/a\tb',
    '/\\',
    '/{}',
    '/"',
    '/<>',
    '/a\x7f',
    '/^`|',
    '?',
    '/\x0c',
    'x/',
  ],
];
const VERSIONS: readonly string[] = [
  ...[
    'HTTP/1.0',
    'HTTP/2.0',
    'HTTP/0.9',
    'http/1.1',
    'HTTP/1.2',
    'HTTP/1.10',
    'HTTP/01.1',
    'HTTP/1.1 ',
    'HTTP/1',
    '',
    'HTTP/1,1',
    'ICE/1.0',
    'RTSP/1.1',
    'HTTP/ 1.1',
  ],
];
const HOSTS: readonly string[] = ['a', 'gw:8080', 'gateway.example.com', '127.0.0.1:18081', '[::1]:8080', 'A_b-c.'];
const SPACES: readonly string[] = ['  ', '\t', '', '\x0b', ' \t', '\r'];

const space = (random: Random) => (random.onceIn(150) ? random.pick(SPACES) : ' ');

function hostLine(random: Random): string {
  const host = line(
    random,
    random.onceIn(9) ? 'host' : 'Host',
    random.onceIn(50) ? framingValue(random) : random.pick(HOSTS),
  );
  if (random.onceIn(80)) return '';
  return random.onceIn(100) ? host + host : host;
}

/** Some lines in any order. */
function shuffled(random: Random, lines: readonly string[]): string {
  if (random.onceIn(2)) return lines.join('');
  return [...lines].sort(() => random.below(3) - 1).join('');
}

function request(random: Random): string {
  const method = random.onceIn(40) ? random.pick(OTHER_METHODS) : random.pick(METHODS);
  let target = random.onceIn(40) ? random.pick(OTHER_TARGETS) : random.pick(TARGETS);
  if (random.onceIn(60)) target += random.pick(NASTY);
  const version = random.onceIn(60) ? random.pick(VERSIONS) : 'HTTP/1.1';
  const mayHaveBody = method === 'POST' || method === 'PUT' || random.onceIn(15);
  const body = mayHaveBody && !random.onceIn(12) ? bodyText(random) : '';
  const isChunked = random.onceIn(40);
  const framing = isChunked
    ? line(random, 'Transfer-Encoding', 'chunked')
    : mayHaveBody && !random.onceIn(15)
      ? line(random, 'Content-Length', lengthValue(random, body.length))
      : '';
  const lines = shuffled(random, [
    hostLine(random),
    otherLines(random),
    framing,
    connectionLine(random),
    otherLines(random),
  ]);
  const first = `${method}${space(random)}${target}${space(random)}${version}${lineEnd(random)}`;
  return `${first}${lines}${lineEnd(random)}${isChunked ? chunks(random, body) : body}`;
}

const STATUSES: readonly string[] = ['200', '200', '200', '200', '404', '410', '503', '204', '304', '401'];
const OTHER_STATUSES: readonly string[] = [
  '100',
  '101',
  '103',
  '199',
  '205',
  '599',
  '600',
  '000',
  '20',
  '2000',
  '0200',
  '+20',
  '20x',
  '',
];
const REASONS: readonly string[] = ['OK', 'OK', '', 'Not Found', 'a\tb', '\xdc', ' ', ' OK '];
const OTHER_REASONS: readonly string[] = ['a\x01', 'a\0', 'a\rb', 'a\nb', '\x7f', '\r', '\n'];

/** An answer to a request of that kind. */
function response(random: Random, asked: 'HEAD' | 'other'): string {
  const version = random.onceIn(60) ? random.pick(VERSIONS) : 'HTTP/1.1';
  const status = random.onceIn(40) ? random.pick(OTHER_STATUSES) : random.pick(STATUSES);
  const reason = random.onceIn(60) ? random.pick(OTHER_REASONS) : random.pick(REASONS);
  const hasNone = (asked === 'HEAD' || status === '204' || status === '304') && !random.onceIn(15);
  const body = bodyText(random);
  const isChunked = random.onceIn(3);
  let framing = '';
  if (asked === 'HEAD' || !hasNone || random.onceIn(12)) {
    if (isChunked)
      framing += line(
        random,
        'Transfer-Encoding',
        random.onceIn(40) ? framingValue(random) : random.pick(['chunked', 'Chunked']),
      );
    if (!isChunked || random.onceIn(60)) framing += line(random, 'Content-Length', lengthValue(random, body.length));
    if (random.onceIn(60)) framing = '';
  }
  const lines = shuffled(random, [otherLines(random), framing, connectionLine(random), otherLines(random)]);
  const sent = hasNone ? '' : isChunked ? chunks(random, body) : body;
  const first = `${version}${space(random)}${status}${random.onceIn(80) ? random.pick(SPACES) : ' '}${reason}${lineEnd(random)}`;
  return `${first}${lines}${lineEnd(random)}${sent}`;
}

const EXTENSIONS: readonly string[] = [
  ';a=b',
  ';a',
  ';',
  ' ',
  '\t',
  ';a="\r\n"',
  ';a="\n',
  ';\0',
  ' ;a',
  'g',
  '_',
  ';a\rb',
  '\0',
  ',',
];
const BEFORE_SIZES: readonly string[] = [
  '+',
  '-',
  '0x',
  ' ',
  '\t',
  '\r\n',
  '00000000',
  '10000',
  '1000000',
  '000000000000000000000',
  '1',
  '10000000',
  'f0000000',
  '1000000000000000',
];
const TRAILERS: readonly string[] = [
  'X: 1\r\n',
  'Content-Length: 5\r\n',
  'nothing\r\n',
  '\r\n',
  ' ',
  'X: 1\n',
  '\n',
  'Host: evil\r\n',
];

function chunkSize(random: Random, size: number): string {
  let text = size.toString(16);
  if (random.onceIn(5)) text = text.toUpperCase();
  if (random.onceIn(10)) text = text.padStart(random.below(12), '0');
  if (random.onceIn(100)) text = random.pick(BEFORE_SIZES) + text;
  if (random.onceIn(100)) text += random.pick(EXTENSIONS);
  return text;
}

/** The body in chunks, mostly by the letter. */
function chunks(random: Random, body: string): string {
  let sent = '';
  for (let at = 0; at < body.length; ) {
    const size = 1 + random.below(random.onceIn(3) ? 3 : body.length);
    const piece = body.slice(at, at + size);
    at += piece.length;
    const told = random.onceIn(120) ? Math.max(0, piece.length + random.below(3) - 1) : piece.length;
    sent += `${chunkSize(random, told)}${lineEnd(random)}${piece}${lineEnd(random)}`;
  }
  const last = random.onceIn(30) ? chunkSize(random, 0) : '0';
  return `${sent}${last}${lineEnd(random)}${random.onceIn(60) ? random.pick(TRAILERS) : ''}${lineEnd(random)}`;
}

const several = (random: Random) => (random.onceIn(2) ? 1 : 1 + random.below(4));
const rest = (random: Random) => (random.onceIn(10) ? random.pick(NASTY) : '');

/** What a client may send on one connection. */
export function requests(random: Random): string {
  const first = request(random);
  let sent = first;
  // The same lines again: the block that is remembered.
  for (let left = several(random) - 1; left > 0; left--) sent += random.onceIn(3) ? first : request(random);
  return sent + rest(random);
}

const DATES: readonly string[] = [
  ...[
    'Sat, 21 Nov 2026 07:22:29 GMT',
    'Sun, 22 Nov 2026 07:22:30 GMT',
    'Sat, 21 Nov 2026 07:22:29 GM\t',
    'b, a',
    ' a b',
    '\xfc',
    '',
  ],
  ...['Sat, 21 Nov 2026 07:22:29\0GMT', 'Sat, 21 Nov 2026 07:22:29\r\nX:', '\r\n Sat 21 Nov 2026 07:22:29 GM'],
];

/** The same head again, but for its length and its date: what is remembered. */
function again(random: Random, first: string): string {
  const end = first.indexOf('\r\n\r\n') + 4;
  const hasBody = end < first.length;
  const body = bodyText(random);
  const head = first
    .slice(0, end)
    .replace(/(content-length: *)\d+/i, (_, name) => name + lengthValue(random, body.length))
    .replace(/(date: *)[^\r]*/i, (_, name) => name + random.pick(DATES));
  if (!hasBody) return head;
  return head + (/chunked/i.test(head) ? chunks(random, body) : body);
}

/** What a server may send on one connection, for these requests. */
export function responses(random: Random, asked: readonly ('HEAD' | 'other')[]): string {
  const first = response(random, asked[0] ?? 'other');
  let sent = first;
  for (let more = several(random) - 1, at = 1; more > 0; more--, at++)
    sent += random.onceIn(2) ? again(random, first) : response(random, asked[at % asked.length] ?? 'other');
  return sent + rest(random);
}
