import { expect, test } from '@jest/globals';
import { createEnvelopeReader, enveloped } from './envelopes.ts';

const MESSAGES = ['', 'a', 'x'.repeat(300), '', 'last'];
const BYTES = Buffer.concat(MESSAGES.map((message, at) => enveloped(message, at)));
const EXPECTED = MESSAGES.map((message, at) => [at, message]);

function readIn(chunks: Iterable<Buffer>): [number, string][] {
  const found: [number, string][] = [];
  const read = createEnvelopeReader(1_000, (flags, message) => void found.push([flags, message.toString()]));
  for (const chunk of chunks) read(chunk);
  return found;
}

test('messages are found wherever they are broken into chunks', () => {
  expect(readIn([BYTES])).toEqual(EXPECTED);
  expect(readIn([...BYTES].map((byte) => Buffer.of(byte)))).toEqual(EXPECTED);
  for (let at = 0; at <= BYTES.length; at++)
    expect(readIn([BYTES.subarray(0, at), BYTES.subarray(at)])).toEqual(EXPECTED);
});

test('a message that is not whole yet is not told of, and one that is too long is refused by its head', () => {
  expect(readIn([BYTES.subarray(0, BYTES.length - 1)])).toEqual(EXPECTED.slice(0, -1));
  expect(() => readIn([Buffer.of(0, 0, 0, 0x03, 0xe9)])).toThrow('a message of 1001 bytes is longer than 1000');
  expect(() => readIn([Buffer.of(0, 0xff, 0xff, 0xff, 0xff)])).toThrow(RangeError);
});
