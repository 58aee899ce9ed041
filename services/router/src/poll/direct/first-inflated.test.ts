import { randomBytes } from 'node:crypto';
import { constants, gzipSync } from 'node:zlib';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { firstInflated } from './first-inflated.ts';

const page = (length: number) =>
  JSON.stringify({
    id: '20261130_120000_00001_abcde',
    nextUri: 'http://trino:8080/v1/statement/executing/20261130_120000_00001_abcde/y0/5',
    columns: [{ name: 'a', type: 'bigint' }],
    data: Array.from({ length }, (_, at) => [at, `row ${at * 7919}`]),
  });
const text = (bytes: Buffer) => bytes.toString('latin1');

test.each([0, 1, 10, 1_000])('the first kilobyte of a page of %i rows is what zlib has compressed', (rows) => {
  const plain = page(rows);
  for (const level of [1, 6, 9]) expect(text(firstInflated(gzipSync(plain, { level })))).toBe(plain.slice(0, 1_024));
});

test('whatever was compressed: what is inflated is how it begins, never anything else', () => {
  const texts = fc.oneof(
    fc.string({ maxLength: 3_000 }),
    fc.string({ unit: fc.constantFrom('a', 'b', '"', ','), maxLength: 5_000 }),
    fc.json(),
    fc.constantFrom('a'.repeat(100_000), 'ab'.repeat(5_000)),
  );
  const options = fc.record({
    level: fc.integer({ min: 0, max: 9 }),
    memLevel: fc.integer({ min: 1, max: 9 }),
    strategy: fc.constantFrom(
      constants.Z_DEFAULT_STRATEGY,
      constants.Z_HUFFMAN_ONLY,
      constants.Z_RLE,
      constants.Z_FIXED,
    ),
  });
  fc.assert(
    fc.property(texts, options, (plain, how) => {
      const bytes = Buffer.from(plain);
      const first = firstInflated(gzipSync(bytes, how));
      expect(bytes.subarray(0, first.length).equals(first)).toBe(true);
    }),
    { numRuns: 500 },
  );
});

test('a part of a stream tells a part of what it holds', () => {
  const plain = page(100);
  const whole = gzipSync(plain);
  for (let end = 0; end < whole.length; end += 1) {
    const first = text(firstInflated(whole.subarray(0, end)));
    expect(plain.startsWith(first)).toBe(true);
  }
});

describe('nothing is read out of', () => {
  test.each<[string, Buffer]>([
    ['nothing', Buffer.alloc(0)],
    ['a text', Buffer.from('{"id":"20261130_120000_00001_abcde"}')],
    ['a stream with a name', Buffer.concat([Buffer.from('1f8b0808000000000003', 'hex'), Buffer.from('a\0')])],
    ['what is stored as it is', gzipSync('a'.repeat(100), { level: 0 })],
    ['a header alone', gzipSync(page(1)).subarray(0, 10)],
  ])('%s', (_, bytes) => {
    expect(firstInflated(bytes)).toHaveLength(0);
  });
});

test('bytes of chance behind a header end with a kilobyte at most', () => {
  const header = gzipSync('a').subarray(0, 10);
  for (let times = 0; times < 5_000; times += 1) {
    const bytes = Buffer.concat([header, Buffer.of(0x05 | (times & 0xf8)), randomBytes(times % 300)]);
    expect(firstInflated(bytes).length).toBeLessThanOrEqual(1_024);
  }
});
