import { Readable } from 'node:stream';
import { expect, test } from '@jest/globals';
import { readBytes } from '../index.ts';

const body = () => Readable.from([Buffer.from('one, '), Buffer.from('two')]);

test('a body is read whole, up to the limit', async () => {
  expect((await readBytes(body(), 8))?.toString()).toBe('one, two');
  expect((await readBytes(Readable.from([]), 0))?.length).toBe(0);
});

test('a body that is longer is read no further', async () => {
  const long = body();
  expect(await readBytes(long, 4)).toBeUndefined();
  expect(long.destroyed).toBe(true);
});
