import {
  type AnswerCase,
  answer,
  broken,
  brokenOrReplaced,
  chunked,
  EVIL,
  PAGE,
  page,
  relayed,
  replaced,
  row,
} from '../cases/answer-case.ts';

const N = PAGE.length;
const queue = 'response queue poisoning: what stands behind an answer is the answer to nobody';
const lengths = 'RFC 9112, 6.3: an answer with an invalid length or several is 502, its connection closed';
const both = 'RFC 9112, 6.1: response splitting; the next server could take the length';
const coding = 'RFC 9112, 6.1: a coding that nobody asked for and nobody here decodes: what it means is unknown';
const size = 'RFC 9112, 7.1: a chunk size is hex digits only; where a chunk ends is unknown';
const half = 'RFC 9112, 8: an incomplete answer must not look like a whole one';
const noBody = 'RFC 9112, 6.3: no body, whatever the head announces; what follows is the answer to nobody';
const CLOSES = { closes: true };
const sized = (value: string) => answer([`Content-Length: ${value}`], PAGE);
const coded = (value: string) => answer([`Transfer-Encoding: ${value}`], `${N.toString(16)}\r\n${PAGE}\r\n0\r\n\r\n`);

/** How long an answer of a coordinator is. */
// biome-ignore format: one case a line
export const answerFramingCases: readonly AnswerCase[] = [
  row('a page', page(), relayed(), 'as it should be'),
  row('a page in chunks', chunked(), relayed(), 'RFC 9112, 7.1'),
  row('a page until the connection ends', answer([], PAGE), relayed(), 'RFC 9112, 6.3: without a length it ends with the connection', CLOSES),
  row('two answers for one request', page() + EVIL, relayed(), queue),
  row('two answers in one, by a length that is too short', answer([`Content-Length: ${N}`], PAGE + EVIL), relayed(), queue),
  row('a page that holds an answer', answer([`Content-Length: ${N + EVIL.length}`], PAGE + EVIL), relayed({ body: PAGE + EVIL }), 'RFC 9112, 6.3: bytes of a body are bytes'),
  row('a chunk that is an answer', chunked('', `${EVIL.length.toString(16)}\r\n${EVIL}\r\n0\r\n\r\n`), relayed({ body: PAGE + EVIL }), 'RFC 9112, 7.1: bytes of a chunk are bytes'),
  row('an answer in place of a chunk', chunked('', EVIL), brokenOrReplaced, size),
  row('two answers, the first in chunks', chunked() + EVIL, relayed(), queue),
  row('an answer on the idle connection', page(), relayed(), queue, { later: EVIL }),
  row('garbage on the idle connection', page(), relayed(), queue, { later: '\x00\x01\x02\r\n\r\n' }),
  row('half an answer on the idle connection', page(), relayed(), queue, { later: 'HTTP/1.1 200 OK\r\nContent-Le' }),
  row('a length that is too long, then the end', sized(String(N + 5)), broken, half, CLOSES),
  row('a length that is too long, then silence', sized(String(N + 5)), broken, `${half}; it is waited for a limited time`),
  row('a length and chunks', answer([`Content-Length: ${N}`, 'Transfer-Encoding: chunked'], `${N.toString(16)}\r\n${PAGE}\r\n0\r\n\r\n`), replaced, both),
  row('chunks and a length', answer(['Transfer-Encoding: chunked', 'Content-Length: 5'], `${N.toString(16)}\r\n${PAGE}\r\n0\r\n\r\n`), replaced, both),
  row('two lengths that differ', answer([`Content-Length: ${N}`, 'Content-Length: 5'], PAGE), replaced, lengths),
  row('two equal lengths', answer([`Content-Length: ${N}`, `Content-Length: ${N}`], PAGE), replaced, lengths),
  row('a list of lengths', sized(`${N}, ${N}`), replaced, lengths),
  row('a length with a plus', sized(`+${N}`), replaced, lengths),
  row('a length with a minus', sized(`-${N}`), replaced, lengths),
  row('a length in hex', sized(`0x${N.toString(16)}`), replaced, lengths),
  row('a length with a space in it', sized(`1 ${N}`), replaced, lengths),
  row('an empty length', sized(''), replaced, lengths),
  row('a length beyond 64 bits', sized('18446744073709551620'), replaced, lengths),
  row('gzip, chunked', coded('gzip, chunked'), replaced, coding),
  row('identity', coded('identity'), replaced, coding, CLOSES),
  row('chunked, identity', coded('chunked, identity'), replaced, coding, CLOSES),
  row('xchunked', coded('xchunked'), replaced, coding, CLOSES),
  row('chunked twice', answer(['Transfer-Encoding: chunked', 'Transfer-Encoding: chunked'], `${N.toString(16)}\r\n${PAGE}\r\n0\r\n\r\n`), replaced, coding, CLOSES),
  row('chunked after a vertical tab', coded('\x0bchunked'), replaced, 'RFC 9110, 5.5: a control character'),
  row('chunks in HTTP/1.0', answer(['Transfer-Encoding: chunked'], `${N.toString(16)}\r\n${PAGE}\r\n0\r\n\r\n`, '200 OK', '1.0'), replaced, 'RFC 9112, 6.1: HTTP/1.0 has no transfer codings, the framing is faulty', CLOSES),
  row('a page of HTTP/1.0', answer([`Content-Length: ${N}`], PAGE, '200 OK', '1.0'), relayed(), 'RFC 9112, 2.3', CLOSES),
  row('a chunk with an extension', chunked('', '0;a=b\r\n\r\n', `${N.toString(16)};a="b"`), relayed(), 'RFC 9112, 7.1.1: ignored, and not passed on'),
  row('a chunk with an extension of 1 MB', chunked('', '0\r\n\r\n', `${N.toString(16)};a=${'x'.repeat(1_048_576)}`), brokenOrReplaced, 'CVE-2024-22019: extensions are bounded'),
  row('a size with a plus', chunked('', '0\r\n\r\n', `+${N.toString(16)}`), brokenOrReplaced, size),
  row('a size with 0x', chunked('', '0\r\n\r\n', `0x${N.toString(16)}`), brokenOrReplaced, size),
  row('a size with a space behind', chunked('', '0\r\n\r\n', `${N.toString(16)} `), brokenOrReplaced, size),
  row('a size beyond 64 bits', chunked('', '0\r\n\r\n', `100000000000000${N.toString(16)}`), brokenOrReplaced, size),
  row('an empty size', chunked('', '0\r\n\r\n', ''), brokenOrReplaced, size),
  row('LF after a size', answer(['Transfer-Encoding: chunked'], `${N.toString(16)}\n${PAGE}\r\n0\r\n\r\n`), brokenOrReplaced, size),
  row('a chunk longer than its size', chunked('', '0\r\n\r\n', (N - 5).toString(16)), brokenOrReplaced, size),
  row('no CRLF after a chunk', answer(['Transfer-Encoding: chunked'], `${N.toString(16)}\r\n${PAGE}0\r\n\r\n`), brokenOrReplaced, size),
  row('the end in the middle of a chunk', answer(['Transfer-Encoding: chunked'], `fff\r\n${PAGE}`), brokenOrReplaced, half, CLOSES),
  row('the end in the middle of a chunk size', answer(['Transfer-Encoding: chunked'], `${N.toString(16)}\r\n${PAGE}\r\n1`), brokenOrReplaced, half, CLOSES),
  row('the end before the last chunk', answer(['Transfer-Encoding: chunked'], `${N.toString(16)}\r\n${PAGE}\r\n`), brokenOrReplaced, half, CLOSES),
  row('the end before the last empty line', answer(['Transfer-Encoding: chunked'], `${N.toString(16)}\r\n${PAGE}\r\n0\r\n`), brokenOrReplaced, half, CLOSES),
  row('a trailer', chunked('', '0\r\nX-Extra: 1\r\n\r\n'), relayed({ without: ['x-extra', 'trailer'] }), 'RFC 9110, 6.5.1: may be dropped, and is never merged into the head'),
  row('trailers that would set cookies', chunked('', '0\r\nSet-Cookie: a=b\r\nX-Trino-Set-Role: x\r\n\r\n'), relayed({ without: ['set-cookie', 'x-trino-set-role'] }), 'RFC 9110, 6.5.1: forbidden'),
  row('trailers of 3 MB', chunked('', `0\r\nX-Extra: ${'x'.repeat(3_000_000)}\r\n\r\n`), brokenOrReplaced, 'trailers are bounded as a head is'),
  row('an answer to HEAD with a body', page() + EVIL, relayed({ body: '' }), noBody, { method: 'HEAD' }),
  row('an answer to HEAD with chunks', chunked(), relayed({ body: '' }), noBody, { method: 'HEAD' }),
  row('204 with a length and a body', answer([`Content-Length: ${EVIL.length}`], EVIL, '204 No Content'), relayed({ status: 204, body: '', without: ['content-length'] }), noBody, { method: 'DELETE' }),
  row('204 with chunks', answer(['Transfer-Encoding: chunked'], `5\r\nhello\r\n0\r\n\r\n${EVIL}`, '204 No Content'), { as: ['relayed', 'replaced'], status: 204, body: '', without: ['transfer-encoding', 'content-length'] }, noBody, { method: 'DELETE' }),
  row('304 with a body', answer([`Content-Length: ${EVIL.length}`], EVIL, '304 Not Modified'), relayed({ status: 304, body: '' }), noBody),
  row('205 with a body', answer(['Content-Length: 5'], 'hello', '205 Reset Content'), { as: ['relayed', 'replaced'], status: 205 }, 'RFC 9110, 15.3.6: framed as usual, so it does no harm'),
  row('an answer before the request has ended', answer(['Content-Length: 2'], '{}'), relayed({ body: '{}' }), 'RFC 9112, 9.3: allowed; what is left of the request is not the next one', { method: 'PUT', early: true }),
  row('an error before the request has ended, then the end', answer(['Content-Length: 2', 'Connection: close'], '{}', '400 Bad Request'), relayed({ status: 400, body: '{}' }), 'RFC 9112, 9.6', { method: 'PUT', early: true, closes: true }),
];
