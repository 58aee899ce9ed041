import { describe, expect, test } from '@jest/globals';
import { presentedCredentials, withoutCredentials } from './credentials.ts';

const basic = (text: string) => ['Authorization', `Basic ${Buffer.from(text, 'latin1').toString('base64')}`];
const alice = { kind: 'credentials', credentials: { user: 'alice', password: 'pa:ss' } };
const invalid = { kind: 'denied', status: 401, text: 'Access Denied: Invalid credentials' };
const cannot = (user: string, other: string) => ({
  kind: 'denied',
  status: 403,
  text: `Access Denied: User ${user} cannot impersonate user ${other}`,
});

describe('the credentials that are checked at the provider', () => {
  test.each<[string, string[], unknown]>([
    ['user and password', basic('alice:pa:ss'), alice],
    ['the scheme in any case', ['authorization', basic('alice:pa:ss')[1]?.replace('Basic', 'bAsIc') ?? ''], alice],
    ['the same Trino user', [...basic('alice:pa:ss'), 'X-Trino-User', 'alice'], alice],
    ['an empty Trino user', [...basic('alice:pa:ss'), 'X-Trino-User', ''], alice],
    ['nothing', [], { kind: 'denied', status: 401, text: 'Unauthorized' }],
    ['only a Trino user', ['X-Trino-User', 'alice'], { kind: 'denied', status: 401, text: 'Unauthorized' }],
    ['two Authorization lines', [...basic('alice:pa:ss'), ...basic('alice:pa:ss')], invalid],
    ['a token', ['Authorization', 'Bearer abc'], invalid],
    ['no base64', ['Authorization', 'Basic !'], invalid],
    ['no colon', basic('alice'), invalid],
    ['no user', basic(':secret'), invalid],
    ['no password, which some directories let in', basic('alice:'), invalid],
    ['a user with a line break', basic('alice\r\nX-Trino-User\\: root:secret'), invalid],
    ['a user with a space at its end', basic('alice :secret'), invalid],
    ['another Trino user', [...basic('alice:s'), 'X-Trino-User', 'bob'], cannot('alice', 'bob')],
    ['the Trino user in another case', [...basic('alice:s'), 'X-Trino-User', 'Alice'], cannot('alice', 'Alice')],
    [
      'another Trino user in a second line',
      [...basic('alice:s'), 'X-Trino-User', 'alice', 'X-Trino-User', 'root'],
      cannot('alice', 'root'),
    ],
    [
      'another original user',
      [...basic('alice:s'), 'X-Trino-User', 'alice', 'X-Trino-Original-User', 'root'],
      cannot('alice', 'root'),
    ],
    [
      'a name with bytes of another alphabet, the same in both places',
      [...basic('jos\u00c3\u00a0:s'), 'X-Trino-User', 'jos\u00c3\u00a0'],
      { kind: 'credentials', credentials: { user: 'jos\u00c3\u00a0', password: 's' } },
    ],
  ])('%s', (_, headers, expected) => expect(presentedCredentials(headers)).toEqual(expected));
});

test('a cluster gets the user name once instead of the password, and all other headers unchanged', () => {
  const headers = ['A', '1', ...basic('alice:s'), 'x-trino-user', 'alice', 'A', '2'];
  expect(withoutCredentials(headers, 'alice')).toEqual(['A', '1', 'A', '2', 'X-Trino-User', 'alice']);
});
