import { expect, test } from '@jest/globals';
import { describeError, formatAddress, parseAddress } from '../index.ts';

test('an error is described with its causes, and a circle of causes ends', () => {
  const circle = new Error('round');
  circle.cause = circle;
  expect(describeError(new Error('a', { cause: new Error('b', { cause: 'c' }) }))).toBe('a: b: c');
  expect(describeError(circle)).toBe('round: round: round: round: round');
  expect(describeError('text')).toBe('text');
  expect(describeError(new TypeError())).toBe('TypeError');
  expect(describeError(undefined)).toBe('');
});

test('a failed connection to several addresses says what failed', () => {
  expect(describeError(new AggregateError([new Error('connect ECONNREFUSED ::1:1'), new Error('other')]))).toBe(
    'connect ECONNREFUSED ::1:1',
  );
});

test.each([
  ['127.0.0.1:80', { host: '127.0.0.1', port: 80 }, '127.0.0.1:80'],
  [':80', { host: '0.0.0.0', port: 80 }, '0.0.0.0:80'],
  ['[::1]:80', { host: '::1', port: 80 }, '[::1]:80'],
  ['80', undefined, ''],
  ['a:70000', undefined, ''],
  ['::1:80', undefined, ''],
])('address %s', (text, address, formatted) => {
  expect(parseAddress(text)).toEqual(address);
  if (address) expect(formatAddress(address)).toBe(formatted);
});
