import { expect, test } from '@jest/globals';
import { BodyFault, ChunkedReader } from './chunked.ts';

/** What a reader tells of these bytes, cut into pieces of that size. */
function read(text: string, pieces = text.length) {
  const bytes = Buffer.from(text, 'latin1');
  const reader = new ChunkedReader();
  let data = '';
  let end = -1;
  for (let at = 0; at < bytes.length && end === -1; at += pieces) {
    end = reader.push(bytes, at, Math.min(bytes.length, at + pieces), (from, start, to) => {
      data += from.toString('latin1', start, to);
    });
  }
  return { data, end };
}

test('chunks are followed to the end of the body, however they are cut', () => {
  const body = '8\r\nSELECT 1\r\n00A\r\n0123456789\r\n0\r\n\r\n';
  for (let pieces = 1; pieces <= body.length; pieces++)
    expect(read(`${body}HTTP/1.1`, pieces)).toEqual({ data: 'SELECT 10123456789', end: body.length });
});

test.each([
  ['an extension', '8;a=b\r\n'],
  ['a bare LF behind a size', '8\n'],
  ['no size', '\r\n'],
  ['a size of nine digits', '000000008\r\n'],
  ['a size with a sign', '+8\r\n'],
  ['a size with a space behind', '8 \r\n'],
  ['a chunk that is longer than its size', '1\r\nab'],
  ['a bare LF behind a chunk', '1\r\na\n'],
  ['a trailer', '0\r\nX: 1\r\n\r\n'],
  ['a bare LF at the end', '0\r\n\n'],
])('%s is a fault', (_, text) => {
  for (const pieces of [1, text.length]) expect(() => read(text, pieces)).toThrow(BodyFault);
});
