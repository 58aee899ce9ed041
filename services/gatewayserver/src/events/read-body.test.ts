import type { IncomingMessage } from 'node:http';
import { PassThrough } from 'node:stream';
import { expect, test } from '@jest/globals';
import { createBodyReader } from './read-body.ts';

/** A request whose body a test sends piece by piece. */
function sending(): { request: IncomingMessage; body: PassThrough } {
  const body = new PassThrough();
  return { request: body as unknown as IncomingMessage, body };
}

test('a body is read whole, in whatever pieces it arrives', async () => {
  const { request, body } = sending();
  const reading = createBodyReader({ most: 10 })(request);
  body.write('{"a"');
  body.end(':1}');
  expect(await reading).toEqual({ kind: 'whole', bytes: Buffer.from('{"a":1}') });
});

test('a body that is too long is refused before its end', async () => {
  const { request, body } = sending();
  const reading = createBodyReader({ most: 10 })(request);
  body.write('x'.repeat(11));
  expect(await reading).toEqual({ kind: 'too long' });
});

test('many bodies at once are bounded together, and make room when they are read', async () => {
  const read = createBodyReader({ most: 10, mostInAll: 15 });
  const [first, second, third] = [sending(), sending(), sending()];
  const readingFirst = read(first.request);
  const readingSecond = read(second.request);
  first.body.write('x'.repeat(8));
  second.body.write('x'.repeat(8));
  expect(await readingSecond).toEqual({ kind: 'busy' });
  first.body.end();
  expect(await readingFirst).toMatchObject({ kind: 'whole' });
  const readingThird = read(third.request);
  third.body.end('x'.repeat(8));
  expect(await readingThird).toMatchObject({ kind: 'whole' });
});

test('a sender that stops sending, or disconnects, is not waited for', async () => {
  const silent = sending();
  expect(await createBodyReader({ timeLimitMs: 5 })(silent.request)).toEqual({ kind: 'too slow' });
  const gone = sending();
  const reading = createBodyReader()(gone.request);
  gone.body.destroy(new Error('reset'));
  expect(await reading).toEqual({ kind: 'abandoned' });
});
