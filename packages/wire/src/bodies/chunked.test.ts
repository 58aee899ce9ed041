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

test.each<[string, string, string]>([
  ['chunks', '8\r\nSELECT 1\r\n2\r\n+1\r\n0\r\n\r\n', 'SELECT 1+1'],
  [
    'sizes in any letters, with zeros before',
    '00A\r\n0123456789\r\nb\r\n0123456789a\r\n0\r\n\r\n',
    '01234567890123456789a',
  ],
  ['a last chunk of several zeros', '1\r\na\r\n0000\r\n\r\n', 'a'],
  ['no data', '0\r\n\r\n', ''],
  ['data that looks like the end', '7\r\n\r\n0\r\n\r\n\r\n0\r\n\r\n', '\r\n0\r\n\r\n'],
])('%s: followed to the first byte behind the body, however they are cut', (_, body, data) => {
  for (let pieces = 1; pieces <= body.length; pieces++)
    expect(read(`${body}HTTP/1.1`, pieces)).toEqual({ data, end: body.length });
});

test('one body follows another', () => {
  const reader = new ChunkedReader();
  const bytes = Buffer.from('1\r\na\r\n0\r\n\r\n1\r\nb\r\n0\r\n\r\n');
  const told: string[] = [];
  const end = reader.push(bytes, 0, bytes.length, (_, from, to) => told.push(`${from}-${to}`));
  expect(reader.push(bytes, end, bytes.length, (_, from, to) => told.push(`${from}-${to}`))).toBe(bytes.length);
  expect(told).toEqual(['3-4', '14-15']);
});

test('a chunk of 4 GB minus one byte is waited for', () => {
  expect(read('ffffffff\r\nabc')).toEqual({ data: 'abc', end: -1 });
});

test('bytes beyond the end are not looked at', () => {
  const bytes = Buffer.from('3\r\nabcdef');
  const told: string[] = [];
  expect(new ChunkedReader().push(bytes, 0, 5, (_, from, to) => told.push(`${from}-${to}`))).toBe(-1);
  expect(told).toEqual(['3-5']);
});

test.each([
  ['an extension', '8;a=b\r\n'],
  ['an extension of the last chunk', '0;a=b\r\n'],
  ['a bare LF behind a size', '8\n'],
  ['CR without LF behind a size', '8\rx'],
  ['no size', '\r\n'],
  ['a size of nine digits', '000000008'],
  ['a size beyond 64 bits', '10000000000000008'],
  ['a size with a sign', '+8\r\n'],
  ['a size with 0x', '0x8\r\n'],
  ['a size with a space before', ' 8\r\n'],
  ['a size with a space behind', '8 \r\n'],
  ['a letter that is no digit', 'g\r\n'],
  ['a chunk that is longer than its size', '1\r\nab'],
  ['no CRLF behind a chunk', '1\r\na0\r\n\r\n'],
  ['a bare LF behind a chunk', '1\r\na\n'],
  ['a trailer', '0\r\nX: 1\r\n\r\n'],
  ['a bare LF at the end', '0\r\n\n'],
  ['something else than the last LF', '0\r\n\rx'],
])('%s is a fault', (_, text) => {
  for (const pieces of [1, text.length]) expect(() => read(text, pieces)).toThrow(BodyFault);
});
