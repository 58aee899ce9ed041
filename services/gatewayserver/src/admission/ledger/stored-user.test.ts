import { expect, test } from '@jest/globals';
import { storedUser } from './stored-user.ts';

test('a name stays as it is; a long one is cut, and differs from others that begin like it', () => {
  expect(storedUser('alice')).toBe('alice');
  const long = 'a'.repeat(256);
  expect(storedUser(long)).toBe(long);
  const [first, second] = [storedUser(`${long}b`), storedUser(`${long}c`)];
  expect(first).toHaveLength(256);
  expect(second).toHaveLength(256);
  expect(new Set([first, second, long]).size).toBe(3);
});
