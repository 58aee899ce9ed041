import { expect, test } from '@jest/globals';
import { claimOf } from './claim.ts';

const basic = (text: string) => ['Authorization', `Basic ${Buffer.from(text, 'latin1').toString('base64')}`];
const bob = ['X-Trino-User', ' bob '];

test.each([
  ['a password', [...basic('alice:secret'), ...bob], { kind: 'password', user: 'alice' }],
  ['a password without a name', basic(':secret'), { kind: 'token', user: '' }],
  ['two of them', [...basic('alice:secret'), ...basic('bob:secret'), ...bob], { kind: 'token', user: 'bob' }],
  ['two of them, and no name', [...basic('alice:secret'), ...basic('bob:secret')], { kind: 'token', user: '' }],
  ['a token', ['Authorization', 'Bearer x', ...bob], { kind: 'token', user: 'bob' }],
  ['a ticket', ['Authorization', 'Negotiate x', ...bob], { kind: 'token', user: 'bob' }],
  ['a broken line', ['Authorization', 'Basic', ...bob], { kind: 'token', user: 'bob' }],
  ['a cookie', ['Cookie', 'a=b', ...bob], { kind: 'token', user: 'bob' }],
  ['a name alone', [...bob, 'X-Trino-User', 'carol'], { kind: 'name', user: 'bob' }],
  ['nothing', [], { kind: 'name', user: '' }],
])('the user of a request, by %s', (_what, rawHeaders, claim) => {
  expect(claimOf({ rawHeaders })).toEqual(claim);
  expect(claimOf({ rawHeaders, user: 'checked' })).toEqual({ kind: 'checked', user: 'checked' });
});
