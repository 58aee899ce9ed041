import {
  ask,
  HIDDEN,
  hidden,
  passed,
  post,
  type RequestCase,
  refused,
  row,
  SQL,
  statement,
  waits,
} from '../cases/request-case.ts';

const CHUNKED = ['Transfer-Encoding: chunked'];
const END = '0\r\n\r\n';
const chunks = (bytes: string) => post(CHUNKED, bytes);
const size = 'RFC 9112, 7.1: a chunk size is hex digits only';
const lines = 'RFC 9112, 7.1: chunk lines end with CRLF';
const extension = 'RFC 9112, 7.1.1: extensions are for this connection only: ignored, never passed on';
const trailers =
  'RFC 9110, 6.5.1: trailers are never merged into the head, and those that frame or route are forbidden';

/** The chunked coding. */
// biome-ignore format: one case a line
export const chunkCases: readonly RequestCase[] = [
  row(100, 'chunks of one byte', chunks([...SQL].map((letter) => `1\r\n${letter}\r\n`).join('') + END), passed(statement()), 'RFC 9112, 7.1: framed anew'),
  row(100, 'chunks, then the next request', chunks(`8\r\n${SQL}\r\n${END}${HIDDEN}`), passed(statement(), hidden), 'RFC 9112, 9.3: pipelined, each its own message'),
  row(100, 'a size in upper case, with zeros before', chunks(`000A\r\nSELECT 1+1\r\n${END}`), passed(statement('SELECT 1+1')), size),
  row(100, 'a size in lower case', chunks(`a\r\nSELECT 1+1\r\n${END}`), passed(statement('SELECT 1+1')), size),
  row(100, 'the last chunk with many zeros', chunks(`8\r\n${SQL}\r\n0000\r\n\r\n`), passed(statement()), size),
  row(100, 'a size with a plus', chunks(`+8\r\n${SQL}\r\n${END}`), refused(), size),
  row(100, 'a size with a minus', chunks(`-8\r\n${SQL}\r\n${END}`), refused(), size),
  row(100, 'a size with 0x', chunks(`0x8\r\n${SQL}\r\n${END}`), refused(), `${size}; some read 0 and end the body there`),
  row(100, 'a size with an underscore', chunks(`0_8\r\n${SQL}\r\n${END}`), refused(), size),
  row(100, 'a size in quotes', chunks(`"8"\r\n${SQL}\r\n${END}`), refused(), size),
  row(100, 'a size with a space before', chunks(` 8\r\n${SQL}\r\n${END}`), refused(), size),
  row(100, 'a size with a space behind', chunks(`8 \r\n${SQL}\r\n${END}`), refused(), `${size}; whitespace is bad whitespace, which servers read in different ways`),
  row(100, 'a size with a tab behind', chunks(`8\t\r\n${SQL}\r\n${END}`), refused(), size),
  row(100, 'a size with a letter behind', chunks(`8g\r\n${SQL}\r\n${END}`), refused(), size),
  row(100, 'an empty size', chunks(`\r\n${SQL}\r\n${END}`), refused(), size),
  row(100, 'a size beyond 32 bits', chunks(`100000008\r\n${SQL}\r\n${END}`), waits, 'CVE-2013-2028 and others: cut to 32 bits it is 8; the rest of 4 GB is waited for, and more than a statement may have is not'),
  row(100, 'a size beyond 64 bits', chunks(`10000000000000008\r\n${SQL}\r\n${END}`), refused(400, 413), 'RFC 9112, 7.1: sizes that overflow must be refused; cut to 64 bits it is 8'),
  row(100, 'a chunk longer than its size', chunks(`6\r\n${SQL}\r\n${END}`), refused(), lines),
  row(100, 'a chunk shorter than its size', chunks(`9\r\n${SQL}\r\n${END}`), refused(), lines),
  row(100, 'no CRLF after a chunk', chunks(`8\r\n${SQL}0\r\n\r\n`), refused(), lines),
  row(100, 'other bytes instead of CRLF after a chunk', chunks(`8\r\n${SQL}xx0\r\n\r\n`), refused(), lines),
  row(100, 'LF after a size', chunks(`8\n${SQL}\r\n${END}`), refused(), lines),
  row(100, 'LF after a chunk', chunks(`8\r\n${SQL}\n${END}`), refused(), lines),
  row(100, 'CR after a size', chunks(`8\r${SQL}\r\n${END}`), refused(), lines),
  row(100, 'LF at the end of the last chunk', chunks(`8\r\n${SQL}\r\n0\n\r\n`), refused(), lines),
  row(100, 'LF for the empty line at the end', chunks(`8\r\n${SQL}\r\n0\r\n\n`), refused(), lines),
  row(100, 'no end', chunks(`8\r\n${SQL}\r\n`), waits, 'RFC 9112, 8: an incomplete message is not passed on'),
  row(100, 'no empty line at the end', chunks(`8\r\n${SQL}\r\n0\r\n`), waits, 'RFC 9112, 8: an incomplete message is not passed on'),
  row(100, 'an extension', chunks(`8;a=b\r\n${SQL}\r\n${END}`), passed(statement()), extension),
  row(100, 'an extension without a value', chunks(`8;a\r\n${SQL}\r\n${END}`), passed(statement()), extension),
  row(100, 'an extension in quotes', chunks(`8;a="b;c"\r\n${SQL}\r\n${END}`), passed(statement()), extension),
  row(100, 'an extension at the last chunk', chunks(`8\r\n${SQL}\r\n0;a=b\r\n\r\n`), passed(statement()), extension),
  row(100, 'a line feed in a quoted extension', chunks(`8;a="\n${SQL}\r\n${END}`), refused(), 'CVE-2025-22871 and others (TERM.EXT): a line feed ends the line for some'),
  row(100, 'CRLF in a quoted extension', chunks(`8;a="\r\n${SQL}\r\n${END}`), refused(), 'quotes do not hold a line end: it is an extension without its closing quote'),
  row(100, 'CR in an extension', chunks(`8;a\rb\r\n${SQL}\r\n${END}`), refused(), lines),
  row(100, 'NUL in an extension', chunks(`8;a=\0\r\n${SQL}\r\n${END}`), refused(), 'RFC 9112, 7.1.1: tokens and quoted strings'),
  row(100, 'an extension of 1 MB', chunks(`8;a=${'x'.repeat(1_048_576)}\r\n${SQL}\r\n${END}`), refused(400, 413, 431), 'CVE-2024-22019: extensions must be bounded'),
  row(100, 'many chunks with an extension each', chunks([...SQL.repeat(20)].map((letter) => `1;${'e'.repeat(200)}\r\n${letter}\r\n`).join('') + END), passed(statement(SQL.repeat(20))), 'CVE-2024-22019: nothing of them is kept, and time and pace of a body are bounded'),
  row(100, 'a trailer', chunks(`8\r\n${SQL}\r\n0\r\nX-Extra: 1\r\n\r\n`), passed(statement(SQL, { without: ['x-extra', 'trailer', 'transfer-encoding'] })), trailers),
  row(100, 'trailers that frame', chunks(`8\r\n${SQL}\r\n0\r\nContent-Length: 100\r\nTransfer-Encoding: chunked\r\nHost: evil\r\n\r\n`), refused(), trailers),
  row(100, 'trailers that say who asks', chunks(`8\r\n${SQL}\r\n0\r\nX-Trino-Client-Tags: admin\r\nAuthorization: Basic YTpi\r\n\r\n`), passed(statement(SQL, { without: ['x-trino-client-tags', 'authorization'] })), trailers),
  row(100, 'a trailer without a colon', chunks(`8\r\n${SQL}\r\n0\r\nnothing\r\n\r\n`), refused(), 'RFC 9112, 7.1.2: trailers are header lines'),
  row(100, 'a trailer with a bare LF', chunks(`8\r\n${SQL}\r\n0\r\nX: 1\n\r\n`), refused(), 'RFC 9112, 7.1.2: trailers are header lines'),
  row(100, 'trailers of 3 MB', chunks(`8\r\n${SQL}\r\n0\r\nX-Extra: ${'x'.repeat(3_000_000)}\r\n\r\n`), refused(400, 413, 431), 'trailers are bounded as a head is'),
  row(100, 'a chunked poll', ask(CHUNKED, `3\r\nabc\r\n${END}${HIDDEN}`), refused(), 'RFC 9110, 9.3.1: a body of GET has no meaning; some servers take it for the next request'),
  row(100, 'a chunked DELETE', ask(CHUNKED, `3\r\nabc\r\n${END}${HIDDEN}`, { method: 'DELETE' }), refused(), 'RFC 9110, 9.3.5: a body of DELETE has no meaning'),
  row(100, 'a chunked HEAD', ask(CHUNKED, `3\r\nabc\r\n${END}${HIDDEN}`, { method: 'HEAD' }), refused(), 'RFC 9110, 9.3.2: a body of HEAD has no meaning'),
  row(100, 'chunks in HTTP/1.0', ask(CHUNKED, `8\r\n${SQL}\r\n${END}`, { method: 'POST', target: '/v1/statement', version: '1.0' }), refused(400, 501, 505), 'RFC 9112, 6.1: HTTP/1.0 has no transfer codings, the framing is faulty'),
  row(100, 'chunks in HTTP/1.0 that asks to stay', ask([...CHUNKED, 'Connection: keep-alive'], `8\r\n${SQL}\r\n${END}${HIDDEN}`, { method: 'POST', target: '/v1/statement', version: '1.0' }), refused(400, 501, 505), 'RFC 9112, 6.1: the connection must be closed; a proxy in front may have passed chunks on blindly'),
];
