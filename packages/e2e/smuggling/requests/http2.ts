import {
  type Http2Case,
  http2Row,
  malformed,
  pollHead,
  refusedAs,
  statementHead,
  taken,
  USER,
} from '../cases/http2-case.ts';
import { HIDDEN, PLACES, POLL, poll, SQL, statement } from '../cases/request-case.ts';
import type { Line } from '../wire/http2-client.ts';

const length =
  'RFC 9113, 8.1.1: a length that is not that of the DATA frames is malformed; a server behind would read the rest as a request (H2.CL)';
const ofConnection =
  'RFC 9113, 8.2.2: lines of a connection are malformed; passed on they would frame the message behind (H2.TE)';
const value =
  'RFC 9113, 8.2.1: a value with NUL, CR or LF, or white space around it, is malformed; it would split the request behind, and is not passed on';
const name =
  'RFC 9113, 8.2.1: a name is a token in small letters; others split the request behind, or stand for another line, and are not passed on';
const pseudo = 'RFC 9113, 8.3: each pseudo line once, before the others, and none that is not of a request';
const missing = 'RFC 9113, 8.3.1: method, scheme and path are demanded';
const path =
  'RFC 9113, 8.3.1: a path begins with a slash; with white space in it the request line behind reads otherwise';
const method = 'RFC 9110, 9.1: a method is a token; another one rewrites the request line behind';
const authority = 'RFC 9113, 8.3.1: Host must not name another authority';

const length8: Line = ['content-length', '8'];
/** nghttp2 leaves such lines out and takes the rest: nothing of them reaches a coordinator. */
const leftOut = taken(poll({ without: ['x-a', 'x-c', 'x', 'transfer-encoding'] }));
const poke = (line: Line) => pollHead([line]);
const withPath = (text: string) => pollHead([], { path: text });
const instead = (of: string, ...lines: Line[]) => [...lines, ...pollHead([], { without: [of] })];

/** What clients of HTTP/2 may send, and what becomes of it in HTTP/1.1 behind. */
// biome-ignore format: one case a line
export const http2Cases: readonly Http2Case[] = [
  http2Row('a poll', pollHead(), taken(poll()), 'RFC 9113, 8.3.1'),
  http2Row('a statement with its length', statementHead(length8), taken(statement()), 'RFC 9113, 8.1.1', SQL),
  http2Row('a statement without a length, in three frames', statementHead(), taken(statement()), 'RFC 9113, 8.1: DATA frames end a body, and the message behind is framed anew', 'SEL', 'ECT', ' 1'),
  http2Row('a statement with trailers', statementHead(), taken(statement(SQL, { without: ['x-trailer'] })), 'RFC 9110, 6.5.1: trailers are not merged into the head', SQL, [['x-trailer', '1']]),
  http2Row('cookies on several lines', pollHead([['cookie', 'a=1'], ['cookie', 'b=2']]), taken(poll({ having: [['cookie', 'a=1; b=2']] })), 'RFC 9113, 8.2.3: put together for HTTP/1.1'),
  http2Row('te: trailers', poke(['te', 'trailers']), taken(poll()), 'RFC 9113, 8.2.2: the only value, and it is not passed on'),
  http2Row('no authority but a Host', pollHead([['host', PLACES.authority]], { without: [':authority'] }), taken(poll()), 'RFC 9113, 8.3.1: Host may stand for it'),
  http2Row('an authority and an equal Host', poke(['host', PLACES.authority]), taken(poll()), authority),
  http2Row('a length beyond the body', statementHead(['content-length', '9']), malformed, length, SQL),
  http2Row('a length short of the body', statementHead(['content-length', '6']), malformed, length, SQL),
  http2Row('a length of 0, and a request as the body', statementHead(['content-length', '0']), malformed, length, HIDDEN),
  http2Row('a length without a body', statementHead(length8), malformed, length),
  http2Row('two lengths that differ', statementHead(length8, ['content-length', '6']), malformed, length, SQL),
  http2Row('a list of lengths', statementHead(['content-length', '8, 8']), malformed, length, SQL),
  http2Row('a length with a sign', statementHead(['content-length', '+8']), malformed, length, SQL),
  http2Row('a length in hexadecimal', statementHead(['content-length', '0x8']), malformed, length, SQL),
  http2Row('transfer-encoding: chunked, and a request behind the last chunk', statementHead(['transfer-encoding', 'chunked']), malformed, ofConnection, `0\r\n\r\n${HIDDEN}`),
  http2Row('transfer-encoding: identity', poke(['transfer-encoding', 'identity']), malformed, ofConnection),
  http2Row('connection', poke(['connection', 'x-trino-user']), malformed, ofConnection),
  http2Row('keep-alive', poke(['keep-alive', 'timeout=5']), malformed, ofConnection),
  http2Row('proxy-connection', poke(['proxy-connection', 'keep-alive']), malformed, ofConnection),
  http2Row('upgrade', poke(['upgrade', 'h2c']), malformed, ofConnection),
  http2Row('te: gzip', poke(['te', 'gzip']), malformed, ofConnection),
  http2Row('CRLF and a line in a value', poke(['x-a', 'b\r\ntransfer-encoding: chunked']), leftOut, value),
  http2Row('CRLF and a request in a value', poke(['x-a', `b\r\n\r\n${HIDDEN}`]), leftOut, value),
  http2Row('a bare LF in a value', poke(['x-a', 'b\nx-c: d']), leftOut, value),
  http2Row('a bare CR in a value', poke(['x-a', 'b\rx-c: d']), leftOut, value),
  http2Row('NUL in a value', poke(['x-a', 'b\0c']), leftOut, value),
  http2Row('a space before a value', poke(['x-a', ' b']), leftOut, value),
  http2Row('a tab behind a value', poke(['x-a', 'b\t']), leftOut, value),
  http2Row('a name in capital letters', poke(['X-A', 'b']), malformed, name),
  http2Row('a coding in capital letters', statementHead(['Transfer-Encoding', 'chunked']), malformed, name, SQL),
  http2Row('a space in a name', poke(['x a', 'b']), leftOut, name),
  http2Row('a colon in a name', poke(['x-a: b\r\nx-c', 'd']), leftOut, name),
  http2Row('CRLF in a name', poke(['x-a\r\nx-c', 'd']), leftOut, name),
  http2Row('an empty name', poke(['', 'd']), leftOut, name),
  http2Row('NUL in a name', poke(['x\0a', 'd']), leftOut, name),
  http2Row('two methods', instead(':method', [':method', 'GET'], [':method', 'POST']), malformed, pseudo),
  http2Row('two paths', instead(':path', [':path', POLL], [':path', '/v1/info']), malformed, pseudo),
  http2Row('two schemes', instead(':scheme', [':scheme', 'http'], [':scheme', 'https']), malformed, pseudo),
  http2Row('two authorities', instead(':authority', [':authority', PLACES.authority], [':authority', 'evil']), malformed, pseudo),
  http2Row('no method', instead(':method'), malformed, missing),
  http2Row('no scheme', instead(':scheme'), malformed, missing),
  http2Row('no path', instead(':path'), malformed, missing),
  http2Row('a pseudo line behind others', [USER, ...pollHead()], malformed, pseudo),
  http2Row('a pseudo line of an answer', [[':status', '200'], ...pollHead()], malformed, pseudo),
  http2Row('a pseudo line of nobody', [[':evil', '1'], ...pollHead()], malformed, pseudo),
  http2Row('a pseudo line in trailers', statementHead(), malformed, 'RFC 9113, 8.1: trailers have no pseudo lines', SQL, [[':path', '/v1/info']]),
  http2Row('an empty path', withPath(''), malformed, path),
  http2Row('a space and a version in a path', withPath(`${POLL} HTTP/1.1`), malformed, path),
  http2Row('CRLF and a request in a path', withPath(`${POLL} HTTP/1.1\r\nhost: x\r\n\r\n${HIDDEN}`), malformed, path),
  http2Row('NUL in a path', withPath(`${POLL}\0`), malformed, path),
  http2Row('a path without a slash', withPath(POLL.slice(1)), { answer: ['reset', 400, 404], messages: [] }, path),
  http2Row('an asterisk as path of GET', withPath('*'), { answer: ['reset', 400], messages: [] }, 'RFC 9113, 8.3.1: only OPTIONS has it'),
  http2Row('an absolute path of somebody else', withPath(`http://169.254.169.254${POLL}`), { answer: ['reset', 400, 421], messages: [] }, `${path}; server side request forgery`),
  http2Row('a path with a fragment', withPath(`${POLL}#x`), malformed, path),
  http2Row('dots in a path', withPath(`/v1/query/../info?${PLACES.token}`), { answer: ['reset', 400, 404], messages: [] }, 'path confusion: a server behind could read another path than the one that was checked'),
  http2Row('a request line as method', instead(':method', [':method', 'GET /v1/info HTTP/1.1\r\nhost: x\r\n\r\nGET']), malformed, method),
  http2Row('a space in a method', instead(':method', [':method', 'GET /v1/info']), malformed, method),
  http2Row('a method in small letters', instead(':method', [':method', 'get']), refusedAs(400, 405, 501), 'RFC 9110, 9.1: methods have case'),
  http2Row('TRACE', instead(':method', [':method', 'TRACE']), refusedAs(405), 'RFC 9110, 9.3.8: would echo cookies and passwords'),
  http2Row('CONNECT', [[':method', 'CONNECT'], [':authority', '169.254.169.254:80'], USER], { answer: ['reset', 400, 405, 501], messages: [] }, 'RFC 9113, 8.5: no tunnels here'),
  http2Row('CONNECT with a protocol', [...instead(':method', [':method', 'CONNECT']).slice(0, 4), [':protocol', 'websocket'], USER], { answer: ['reset', 400, 405, 501], messages: [] }, 'RFC 8441, 4: not offered here'),
  http2Row('an authority and another Host', poke(['host', 'evil']), malformed, authority),
  http2Row('two Hosts', pollHead([['host', PLACES.authority], ['host', 'evil']], { without: [':authority'] }), malformed, 'RFC 9112, 3.2: one Host'),
  http2Row('neither an authority nor a Host', instead(':authority'), malformed, 'RFC 9113, 8.3.1: http and https have one'),
  http2Row('an empty authority', instead(':authority', [':authority', '']), malformed, 'RFC 9110, 4.2.1: an empty host is refused'),
  http2Row('an authority with a user', instead(':authority', [':authority', `user@${PLACES.authority}`]), malformed, 'RFC 9113, 8.3.1: no user information'),
  http2Row('an authority with a path', instead(':authority', [':authority', `${PLACES.authority}/x`]), malformed, 'RFC 3986, 3.2'),
  http2Row('CRLF in an authority', instead(':authority', [':authority', `${PLACES.authority}\r\nx-a: b`]), malformed, value),
  http2Row('a URL as scheme', instead(':scheme', [':scheme', 'http://evil/x?']), malformed, 'RFC 3986, 3.1: put together with the rest it would be another URL'),
];
