import { type AnswerCase, answer, EVIL, PAGE, page, relayed, replaced, row } from '../cases/answer-case.ts';

const fold = 'RFC 9112, 5.2: a folded line is 502, or unfolded; never passed on as it is';
const line = 'RFC 9112, 5: a head that is not one by the letter is 502';
const splitting =
  'response splitting: what a client could get a coordinator to echo must not begin a line or an answer';
const interim = 'RFC 9110, 15.2: interim answers are not the answer, and as many as one likes are a flood';
const status = 'RFC 9110, 15: a final status is from 200 to 599';
const hop = 'RFC 9110, 7.6.1: about the connection to the coordinator';
const dangerous = 'for a proxy between client and gateway it would be an order';
const CLOSES = { closes: true };
const LENGTH = `Content-Length: ${PAGE.length}`;
const INTERIM = 'HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n';
const begins = (first: string) => `${first}\r\nContent-Type: application/json\r\n${LENGTH}\r\n\r\n${PAGE}`;

/** The head of an answer of a coordinator. */
// biome-ignore format: one case a line
export const answerHeadCases: readonly AnswerCase[] = [
  row('a folded line', page(['X-A: b', ' c']), replaced, fold),
  row('a folded line that hides a length', answer(['X-A: b', '\tContent-Length: 5', LENGTH], PAGE), replaced, fold),
  row('LF after a line', page(['X-A: b\nX-B: c']), replaced, line),
  row('LF after the status line', begins('HTTP/1.1 200 OK').replace('\r\n', '\n'), replaced, line),
  row('LF everywhere', page().replaceAll('\r\n', '\n'), replaced, line),
  row('CR in a value', page(['X-A: b\rX-B: c']), replaced, splitting),
  row('NUL in a value', page(['X-A: b\0c']), replaced, line),
  row('an escape in a value', page(['X-A: b\x1b[2J']), replaced, line),
  row('a space before a colon', page(['X-A : b']), replaced, 'RFC 9112, 5.1: a proxy takes it off or refuses'),
  row('a space before the colon of a length', answer([`Content-Length : ${PAGE.length}`], PAGE), replaced, 'RFC 9112, 5.1', CLOSES),
  row('a line without a colon', page(['nothing']), replaced, line),
  row('a name in brackets', page(['X(A): b']), replaced, line),
  row('an empty name', page([': b']), replaced, line),
  row('an echoed token with CRLF', page(['X-Trino-Trace-Token: a\r\nX-Trino-Set-Role: admin\r\nContent-Length: 5']), replaced, `${splitting}: the second length gives it away`),
  row('an echoed token with a whole answer', answer([`X-Trino-Trace-Token: a\r\n${LENGTH}\r\n\r\n${PAGE}${EVIL}`], ''), relayed(), `${splitting}: the first answer is the client's, the rest nobody's`),
  row('a head of 3 MB', page([`X-A: ${'x'.repeat(3_000_000)}`]), replaced, 'heads are bounded, at 2 MB as Trino does'),
  row('2,500 lines', page(Array.from({ length: 2_500 }, (_, at) => `X-A${at}: b`)), relayed({ having: [['x-a2499', 'b']] }), 'bytes are bounded, not lines: none is dropped in silence'),
  row('repeated lines', page(['X-Trino-Added-Prepare: a=1', 'X-Trino-Added-Prepare: b=2']), relayed({ having: [['x-trino-added-prepare', 'a=1'], ['x-trino-added-prepare', 'b=2']] }), 'RFC 9110, 5.3'),
  row('Latin-1 in a value', page(['X-A: b\xfc']), relayed({ having: [['x-a', 'b\xfc']] }), 'RFC 9110, 5.5: unchanged'),
  row('Latin-1 in the reason', page([], '200 \xdcber'), relayed(), 'RFC 9112, 4: unchanged'),
  row('no reason', page([], '200 '), relayed(), 'RFC 9112, 4: may be empty'),
  row('a control character in the reason', page([], '200 a\x01b'), { as: ['relayed', 'replaced'], status: 200 }, 'RFC 9112, 4: taken out, or 502'),
  row('CR in the reason', page([], '200 a\rX-A: b'), replaced, splitting),
  row('status 000', page([], '000 x'), replaced, status),
  row('status 099', page([], '099 x'), replaced, status),
  row('status of two digits', page([], '99 x'), replaced, status),
  row('status of four digits', page([], '2000 x'), replaced, status),
  row('status 600', page([], '600 x'), replaced, status),
  row('HTTP/2.0 in the status line', begins('HTTP/2.0 200 OK'), replaced, 'RFC 9112, 2.3', CLOSES),
  row('HTTP/0.9: a page and no head', PAGE, replaced, 'HTTP/0.9 is over', CLOSES),
  row('another protocol', 'SSH-2.0-OpenSSH_9.6\r\n', replaced, line, CLOSES),
  row('a head that ends early', 'HTTP/1.1 200 OK\r\nX-A: ', replaced, 'RFC 9112, 8', CLOSES),
  row('nothing', '', replaced, 'RFC 9110, 15.6.3', CLOSES),
  row('an early hint before the page', INTERIM + page(), relayed({ without: ['link'] }), interim),
  row('100 before the page', `HTTP/1.1 100 Continue\r\n\r\n${page()}`, relayed(), interim),
  row('a thousand early hints', INTERIM.repeat(1_000), replaced, interim),
  row('100 with a length', `HTTP/1.1 100 Continue\r\nContent-Length: ${EVIL.length}\r\n\r\n${EVIL}`, { as: ['replaced', 'relayed', 'broken'] }, 'RFC 9110, 15.2: an interim answer has no body'),
  row('101 to another protocol', 'HTTP/1.1 101 Switching Protocols\r\nUpgrade: h2c\r\nConnection: Upgrade\r\n\r\n', replaced, 'RFC 9110, 7.8: nobody has asked for it'),
  row('101 without a protocol', 'HTTP/1.1 101 Switching Protocols\r\n\r\n', replaced, 'RFC 9110, 7.8: nobody has asked for it', CLOSES),
  row('lines of a connection', page(['Connection: X-Secret, keep-alive', 'X-Secret: 1', 'Keep-Alive: timeout=1', 'Proxy-Authenticate: Basic', 'Upgrade: h2c', 'TE: trailers']), relayed({ without: ['x-secret', 'proxy-authenticate', 'upgrade', 'te'] }), hop),
  row('lines of a connection that name who asks', page(['Connection: X-Trino-Set-Role, Set-Cookie', 'X-Trino-Set-Role: x']), relayed({ having: [['x-trino-set-role', 'x']] }), `${hop}, but lines that mean something to the client stay`),
  row('a redirect to an internal address', answer(['Location: http://169.254.169.254/latest/', 'Content-Length: 0'], '', '307 Temporary Redirect'), replaced, 'a poll is answered by a page; a client would take its password there'),
  row('orders to a proxy', page(['X-Accel-Redirect: /etc/passwd', 'X-Sendfile: /etc/passwd', 'X-Accel-Expires: 9', 'X-Accel-Buffering: no']), relayed({ without: ['x-accel-redirect', 'x-sendfile', 'x-accel-expires', 'x-accel-buffering'] }), dangerous),
  row('what binds the whole host', page(['Strict-Transport-Security: max-age=9', 'Alt-Svc: h2="evil:443"']), relayed({ without: ['strict-transport-security', 'alt-svc'] }), 'it is the gateway that has this name, not the coordinator'),
  row('a cookie for a whole domain', page(['Set-Cookie: a=b; Domain=example.com; Path=/ui']), relayed({ having: [['set-cookie', 'a=b; Path=/ui']] }), 'RFC 6265, 5.3: it is for the host that was asked'),
];
