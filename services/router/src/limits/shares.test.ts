import { expect, test } from '@jest/globals';
import { createShares, ownerOfAddress } from './shares.ts';

test('an owner gets its share, others the rest, and a released place can be taken again', () => {
  const shares = createShares(3, 2);
  const taken = [shares.take('a'), shares.take('a'), shares.take('a'), shares.take('b'), shares.take('c')];
  const give = expect.any(Function);
  expect(taken).toEqual([give, give, 'share', give, 'all']);
  (taken[0] as () => void)();
  expect(shares.taken()).toBe(2);
  expect([shares.take('b'), shares.take('a')]).toEqual([give, 'all']);
});

test('without an owner only the limit of all counts', () => {
  const shares = createShares(2, 1);
  expect([typeof shares.take(), typeof shares.take(), shares.take()]).toEqual(['function', 'function', 'all']);
});

test.each([
  ['10.1.2.3', '10.1.2.3'],
  ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2'],
  ['2001:0DB8:0001:0002::1', '2001:db8:1:2'],
  ['2001:db8::1', '2001:db8:0:0'],
  ['::1', '0:0:0:0'],
  ['::', '0:0:0:0'],
  ['1:2:3::', '1:2:3:0'],
  ['64:ff9b::10.0.0.1', '64:ff9b:0:0'],
])('the address %s counts for %s', (address, owner) => {
  expect(ownerOfAddress(address)).toBe(owner);
});
