import { expect, test } from '@jest/globals';
import { isTransactionId } from './transaction-id.ts';

test.each([
  ['0d2f3a44-7c1e-4f2b-9a36-5b1c0e8d9f10', true],
  ['0D2F3A44-7C1E-4F2B-9A36-5B1C0E8D9F10', false],
  ['0d2f3a447c1e4f2b9a365b1c0e8d9f10', false],
  ['0d2f3a44-7c1e-4f2b-9a36-5b1c0e8d9f10\n', false],
  ['1-2-3-4-5', false],
])('whether %j is a transaction id: %p', (text, is) => {
  expect(isTransactionId(text)).toBe(is);
});
