import { randomBytes } from 'node:crypto';
import { expect, test } from '@jest/globals';
import { hashOfSecret, type SealPlace, seal, unseal } from './seal.ts';

const place: SealPlace = { kind: 'statement', queryId: '20261121_080808_00001_0abcd', secret: randomBytes(20) };
const text = Buffer.from("SELECT 'secret'");

test('a sealed text opens under its own id and part, and its bytes show nothing', () => {
  const sealed = seal(text, place);
  expect(unseal(sealed, place)?.equals(text)).toBe(true);
  expect(Buffer.from(sealed).includes('secret')).toBe(false);
  expect(unseal(seal(Buffer.alloc(0), place), place)).toEqual(Buffer.alloc(0));
});

test('the same text is sealed differently each time', () => {
  expect(Buffer.from(seal(text, place)).equals(seal(text, place))).toBe(false);
});

test.each<[string, Partial<SealPlace>]>([
  ['another secret', { secret: randomBytes(20) }],
  ['another query', { queryId: '20261121_080808_00002_0abcd' }],
  ['another kind', { kind: 'answer' }],
])('%s does not open it', (_, other) => {
  expect(unseal(seal(text, place), { ...place, ...other })).toBeUndefined();
});

test('a sealed text with a changed byte, or cut short, does not open', () => {
  const sealed = seal(text, place);
  for (const [at, byte] of sealed.entries()) {
    const changed = Uint8Array.from(sealed);
    changed[at] = byte ^ 1;
    expect(unseal(changed, place)).toBeUndefined();
  }
  for (let length = 0; length < sealed.length; length += 1)
    expect(unseal(sealed.subarray(0, length), place)).toBeUndefined();
});

test('the store knows the hash of the secret alone', () => {
  expect(hashOfSecret(place.secret)).toHaveLength(32);
  expect(Buffer.from(hashOfSecret(place.secret)).includes(Buffer.from(place.secret))).toBe(false);
});
