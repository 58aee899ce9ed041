import {
  answered,
  ask,
  bare,
  HIDDEN,
  HIDDEN_TARGET,
  hidden,
  type Later,
  PLACES,
  passed,
  passedAndClosed,
  poll,
  post,
  QUERY_ID,
  type RequestCase,
  refused,
  row,
  SQL,
  statement,
  waits,
} from '../cases/request-case.ts';

const LENGTH = `Content-Length: ${SQL.length}`;
const withBody = (method: string) => ask([`Content-Length: ${HIDDEN.length}`], HIDDEN, { method });
const order = 'RFC 9112, 9.3.2: answers come in the order of their requests';
const body = 'RFC 9110, 9.3.1: a body where none is expected has no meaning: not passed on, and never the next request';
const expect = 'RFC 9110, 10.1.1';
const early =
  'RFC 9112, 9.6: the rest of a refused body is read, or the connection closed; it is never the next request';
const upgrade = 'RFC 9110, 7.8: an upgrade may be ignored, and is never passed on (h2c smuggling)';
const tried = (id: string) => `/v1/query/${QUERY_ID}?${id}=${PLACES.token}`;
const other = (id: string, lines: readonly string[] = []) => ask(lines, '', { target: tried(id) });
const others = (id: string) => poll({ target: tried(id) });
const later = (
  id: string,
  of: RequestCase['of'],
  first: string,
  rest: readonly Later[],
  expected: RequestCase['expected'],
  because: string,
): RequestCase => ({ id, of, sends: [first, ...rest], expected, because });
/** Cancels a stage; the router itself has no question about it afterwards. */
const PARTIAL = `/v1/statement/executing/partialCancel/${QUERY_ID}/0/y${PLACES.token}/1`;
const POST = post([LENGTH], SQL);
const BAD = ask(['X A: b']);
const UNKNOWN = `POST /v1/nothing HTTP/1.1\r\nHost: @host@\r\nX-Trino-User: @token@\r\n`;
const INNER = HIDDEN.length;

/** Several messages on one connection, and bodies that come late or where none belongs. */
// biome-ignore format: one case a line
export const connectionCases: readonly RequestCase[] = [
  row(105, 'four pipelined requests', ask() + other('a') + POST + other('b'), passed(poll(), others('a'), statement(), others('b')), order),
  row(105, 'fifty pipelined polls', Array.from({ length: 50 }, (_, at) => other(`n${at}`)).join(''), passed(...Array.from({ length: 50 }, (_, at) => others(`n${at}`))), order),
  row(105, 'a request behind one that closes', ask(['Connection: close']) + HIDDEN, passedAndClosed(poll()), 'RFC 9112, 9.6: nothing is read after close'),
  row(105, 'a request behind one that is refused', BAD + HIDDEN, refused(), 'RFC 9112, 2.2: after a fault nobody knows where the next request begins'),
  row(105, 'a refused one behind a good one', ask() + BAD + HIDDEN, { answers: [[200], [400]], messages: [poll()], connection: 'closed' }, order),
  row(105, 'a request behind one that is not found', ask([], '', { target: '/v1/nothing' }) + HIDDEN, { answers: [[404], [200]], messages: [hidden], connection: 'open' }, order),
  row(105, 'a statement behind a HEAD', ask([], '', { method: 'HEAD' }) + POST, passed(poll({ method: 'HEAD' }), statement()), 'RFC 9112, 6.3: an answer to HEAD has no body, whatever it announces'),
  row(105, 'a request in HTTP/1.0 behind one in HTTP/1.1', ask() + bare(['Host: @host@', 'X-Trino-User: @token@'], { version: '1.0', target: HIDDEN_TARGET }), passedAndClosed(poll(), hidden), order),
  row(105, 'a request behind a short statement with an empty line between', `${POST}\r\n${HIDDEN}`, passed(statement(), hidden), 'RFC 9112, 2.2: one empty line more after a body is ignored'),
  row(100, 'a GET with a body', withBody('GET'), passed(poll()), body),
  row(100, 'a HEAD with a body', withBody('HEAD'), passed(poll({ method: 'HEAD' })), body),
  row(100, 'a DELETE with a body', ask([`Content-Length: ${HIDDEN.length}`], HIDDEN, { method: 'DELETE', target: PARTIAL }), { answers: [[204]], messages: [poll({ method: 'DELETE', target: PARTIAL })], connection: 'open' }, body),
  row(100, 'OPTIONS with a body', withBody('OPTIONS'), answered(200), body),
  row(100, 'a GET with a body that does not come', ask([`Content-Length: ${INNER}`]), { answers: [[200]], messages: [poll()], connection: 'waiting' }, `${body}; whether it is waited for is nobody's business`),
  row(100, 'a statement that holds a request', post([`Content-Length: ${INNER}`], HIDDEN), passed(statement(HIDDEN)), 'RFC 9112, 6.3: bytes of a body are bytes'),
  row(100, 'Expect: 100-continue with the statement', post([LENGTH, 'Expect: 100-continue'], SQL), passed(statement()), `${expect}: not passed on, the statement is not waited for twice`),
  later('Expect: 100-continue, the statement after 100', 100, post([LENGTH, 'Expect: 100-continue'], ''), [{ after: 'continue', bytes: SQL }], passed(statement()), expect),
  row(100, 'Expect: 100-continue, no statement', post([LENGTH, 'Expect: 100-continue'], ''), waits, `${expect}: 100, then waiting`),
  later('Expect: 100-continue with chunks', 100, post(['Transfer-Encoding: chunked', 'Expect: 100-continue'], ''), [{ after: 'continue', bytes: `8\r\n${SQL}\r\n0\r\n\r\n` }], passed(statement()), expect),
  row(100, 'Expect: 100-continue on a poll', ask(['Expect: 100-continue']), passed(poll()), `${expect}: without a body there is nothing to wait for`),
  row(100, 'an expectation of something else', post([LENGTH, 'Expect: 200-ok'], SQL), { answers: [[417, 400, 200]], messages: [], connection: 'either' }, `${expect}: 417`),
  row(100, 'Expect: 100-continue for what is refused', `${UNKNOWN}Content-Length: ${INNER}\r\nExpect: 100-continue\r\n\r\n`, { answers: [[404, 413, 417]], messages: [], connection: 'waiting' }, `${expect}: a final answer instead of 100, or after it`),
  later('Expect: 100-continue refused, and the body comes all the same', 100, `${UNKNOWN}Content-Length: ${INNER}\r\nExpect: 100-continue\r\n\r\n`, [{ after: 'answer', bytes: HIDDEN }], { answers: [[404, 413, 417]], messages: [], connection: 'either' }, `${expect}; CVE-2023-30589 and others: the body must not be the next request`),
  later('an answer before the body has come', 100, `${UNKNOWN}Content-Length: ${INNER}\r\n\r\n`, [{ after: 'answer', bytes: HIDDEN }], { answers: [[404]], messages: [], connection: 'either' }, early),
  later('an answer before the chunks have come', 100, `${UNKNOWN}Transfer-Encoding: chunked\r\n\r\n`, [{ after: 'answer', bytes: `${INNER.toString(16)}\r\n${HIDDEN}\r\n0\r\n\r\n` }], { answers: [[404]], messages: [], connection: 'either' }, early),
  later('an answer to a poll before its body has come', 100, ask([`Content-Length: ${INNER}`]), [{ after: 'answer', bytes: HIDDEN }], { answers: [[200]], messages: [poll()], connection: 'either' }, early),
  row(100, 'Upgrade: h2c', ask(['Connection: Upgrade, HTTP2-Settings', 'Upgrade: h2c', 'HTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA']), { ...passed(poll({ without: ['upgrade', 'http2-settings'] })), connection: 'either' }, `${upgrade}; RFC 9113, 3.1 has dropped h2c by upgrade`),
  row(100, 'Upgrade: h2c on a statement', post([LENGTH, 'Connection: Upgrade', 'Upgrade: h2c'], SQL), { ...passed(statement()), connection: 'either' }, upgrade),
  row(100, 'Upgrade: websocket', ask(['Connection: Upgrade', 'Upgrade: websocket', 'Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==', 'Sec-WebSocket-Version: 13'], HIDDEN), passedAndClosed(poll()), `${upgrade}; what came with it may be of the other protocol: not read, and the connection closed`),
  row(100, 'hop by hop lines', ask(['TE: trailers', 'Keep-Alive: 9', 'Proxy-Connection: keep-alive', 'Proxy-Authorization: Basic YTpi', 'Trailer: X-A']), passed(poll({ without: ['te', 'keep-alive', 'proxy-connection', 'proxy-authorization', 'trailer'] })), 'RFC 9110, 7.6.1'),
];
