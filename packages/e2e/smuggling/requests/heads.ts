import {
  ask,
  bare,
  HIDDEN,
  POLL,
  passed,
  poll,
  post,
  type RequestCase,
  refused,
  row,
  SQL,
  waits,
} from '../cases/request-case.ts';

const fold = 'RFC 9112, 5.2: folded lines are obsolete, and refused';
const bareLf =
  'RFC 9112, 2.2: a bare LF may be taken for a line end; where one server does and the next does not, a line hides';
const bareCr = 'RFC 9112, 2.2: a bare CR is refused';
const control = 'RFC 9110, 5.5: CR, LF, NUL and other control characters in a value are refused';
const name = 'RFC 9110, 5.1: a name is a token';

/** Lines and bytes of a head. */
// biome-ignore format: one case a line
export const headCases: readonly RequestCase[] = [
  row(100, 'a folded length', post(['Content-Length:', ' 8'], SQL), refused(), fold),
  row(100, 'a folded coding', post(['Transfer-Encoding:', ' chunked'], '0\r\n\r\n'), refused(), fold),
  row(100, 'a folded line after a length', post(['Content-Length: 8', ' 0'], SQL), refused(), fold),
  row(100, 'a folded line that hides a coding', post(['X-A: b', '\tTransfer-Encoding: chunked', 'Content-Length: 8'], SQL), refused(), fold),
  row(100, 'a folded usual line', ask(['X-A: b', ' c']), refused(), fold),
  row(100, 'a folded first line', bare([' Host: a', 'Host: @host@', 'X-Trino-User: @token@']), refused(), 'RFC 9112, 2.2: whitespace between the request line and the first line'),
  row(100, 'a line of spaces only', ask(['X-A: b', '   ']), refused(), fold),
  row(100, 'LF after the request line', `GET ${POLL} HTTP/1.1\nHost: @host@\r\nX-Trino-User: @token@\r\n\r\n`, refused(), bareLf),
  row(100, 'LF after a line', ask(['X-A: b\nX-B: c']), refused(), bareLf),
  row(100, 'LF before a coding', post(['X-A: b\nTransfer-Encoding: chunked', 'Content-Length: 8'], SQL), refused(), bareLf),
  row(100, 'LF everywhere', ask(['X-A: b']).replaceAll('\r\n', '\n'), refused(), bareLf),
  row(100, 'LF at the end of the head', `GET ${POLL} HTTP/1.1\r\nHost: @host@\r\nX-Trino-User: @token@\r\n\n${HIDDEN}`, refused(), bareLf),
  row(100, 'CR in a value', ask(['X-A: b\rc']), refused(), bareCr),
  row(100, 'CR in a value, then a line', ask(['X-A: b\rTransfer-Encoding: chunked']), refused(), bareCr),
  row(100, 'CR in a name', ask(['X-\rA: b']), refused(), bareCr),
  row(100, 'CR CR LF after a line', ask(['X-A: b\r']), refused(), bareCr),
  row(100, 'CR instead of CRLF', ask(['X-A: b']).replaceAll('\r\n', '\r'), { answers: [[400, 'none']], messages: [], connection: 'either' }, bareCr),
  row(100, 'NUL in a value', ask(['X-A: b\0c']), refused(), control),
  row(100, 'NUL in a name', ask(['X-\0A: b']), refused(), control),
  row(100, 'NUL in the target', ask([], '', { target: `${POLL}\0` }), refused(), 'RFC 9112, 3.2: a target has visible characters only'),
  row(100, 'a bell in a value', ask(['X-A: b\x07c']), refused(), control),
  row(100, 'an escape in a value', ask(['X-A: b\x1b[2J']), refused(), control),
  row(100, 'DEL in a value', ask(['X-A: b\x7fc']), refused(), control),
  row(100, 'a tab in a value', ask(['X-A: b\tc']), passed(poll({ having: [['x-a', 'b\tc']] })), 'RFC 9110, 5.5: tabs may stand in a value'),
  row(100, 'Latin-1 in a value', ask(['X-A: b\xfcc\xff']), passed(poll({ having: [['x-a', 'b\xfcc\xff']] })), 'RFC 9110, 5.5: obsolete bytes, unchanged'),
  row(100, 'an empty value', ask(['X-A:']), passed(poll({ having: [['x-a', '']] })), 'RFC 9110, 5.5: a value may be empty'),
  row(100, 'spaces around a value', ask(['X-A:  \t b  ']), passed(poll({ having: [['x-a', 'b']] })), 'RFC 9112, 5.1: no part of the value'),
  row(100, 'repeated lines', ask(['X-A: 1', 'X-A: 2']), passed(poll({ having: [['x-a', '1'], ['x-a', '2']] })), 'RFC 9110, 5.3: lines of one name stay in their order'),
  row(100, 'a line without a colon', ask(['nothing']), refused(), name),
  row(100, 'an empty name', ask([': b']), refused(), name),
  row(100, 'a space in a name', ask(['X A: b']), refused(), name),
  row(100, 'a name in brackets', ask(['X(A): b']), refused(), name),
  row(100, 'a name beyond ASCII', ask(['X-\xc4: b']), refused(), name),
  row(100, 'a name of HTTP/2', ask([':authority: evil']), refused(), `${name}; a server that speaks HTTP/2 behind would route by it`),
  row(100, 'a line that is a request', ask(['GET /v1/info HTTP/1.1']), refused(), name),
  row(100, 'an endless head of 3 MB', `GET ${POLL} HTTP/1.1\r\nHost: @host@\r\nX-A: ${'x'.repeat(3_000_000)}`, refused(400, 431), 'RFC 6585, 5: heads are bounded, at 2 MB as Trino does'),
  row(100, 'ten thousand lines', ask(Array.from({ length: 10_000 }, (_, at) => `X-A${at}: b`)), passed(poll({ having: [['x-a9999', 'b']] })), 'bytes are bounded, not lines: none may be dropped in silence, as Node does beyond 2,000'),
  row(100, 'a head without an end', `GET ${POLL} HTTP/1.1\r\nHost: @host@\r\nX-Trino-User: @token@\r\n`, waits, 'RFC 9112, 2.1: a head ends with an empty line'),
  row(100, 'empty lines before the request', `\r\n\r\n${ask()}`, passed(poll()), 'RFC 9112, 2.2: at least one empty line before a request is ignored'),
  row(100, 'spaces before the request', ` ${ask()}`, refused(), 'RFC 9112, 3: the request line begins with the method'),
  row(100, 'zero bytes before the request', `\0\0${ask()}`, refused(), 'RFC 9112, 3: the request line begins with the method'),
];
