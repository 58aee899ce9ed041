import { describe, expect, test } from '@jest/globals';
import { authorizationRequest, loginLink, loginPath, stateIn, withChallengeLinks } from './login-links.ts';

const hash = '4ed666190c2c267457bc580ae44ab6de7f7f020c97799cb1038659863e226028';
const uuid = '6065a6e2-1d84-4158-843b-ce78606e3b2a';

describe('a link of a login is known by its path', () => {
  test.each([
    [`https://trino:8443/oauth2/token/initiate/${hash}`, { step: 'initiate', id: hash }],
    [`https://trino:8443/oauth2/token/${uuid}`, { step: 'token', id: uuid }],
    [`/oauth2/token/${uuid}.AbC-_9`, { step: 'token', id: `${uuid}.AbC-_9` }],
    ['/oauth2/token/initiate', { step: 'token', id: 'initiate' }],
  ])('%s', (url, expected) => {
    expect(loginLink(url)).toEqual(expected);
    expect(url.endsWith(loginPath(expected as never))).toBe(true);
  });

  test.each([
    'https://trino:8443/oauth2/token/',
    'https://trino:8443/oauth2/token/initiate/',
    `https://trino:8443/oauth2/token/other/${uuid}`,
    `https://trino:8443/oauth2/callback/${uuid}`,
    `https://trino:8443/oauth2/token/${uuid}?a=b`,
    `https://trino:8443/oauth2/token/${uuid}/`,
    `/oauth2/token/${'a'.repeat(257)}`,
    `/oauth2/token/${'a'.repeat(1_000_000)}`,
    '/oauth2/token/a%2Eb',
    '/oauth2/token/a b',
    '',
  ])('and this is none: %.80s', (url) => {
    expect(loginLink(url)).toBeUndefined();
  });
});

describe('of a challenge the links alone are replaced', () => {
  const toB = (url: string) => url.replace('https://a', 'https://b');
  test.each([
    ['Bearer x_redirect_server="https://a/1", x_token_server="https://a/2"', [1, 2]],
    ['Bearer x_token_server="https://a/2"', [2]],
    ['Basic realm="Trino", Bearer X_Token_Server="https://a/2", x_redirect_server="https://a/1"', [2, 1]],
  ])('%s', (line, numbers) => {
    expect(withChallengeLinks(line, toB)).toBe(line.replaceAll('https://a', 'https://b'));
    const seen: string[] = [];
    expect(withChallengeLinks(line, (url) => void seen.push(url))).toBe(line);
    expect(seen).toEqual(numbers.map((number) => `https://a/${number}`));
  });

  test.each(['Basic realm="https://a/1"', 'Bearer x_other_server="https://a/1"', 'Negotiate', '', 'x_token_server="'])(
    'a line without any stays: %s',
    (line) => {
      expect(withChallengeLinks(line, toB)).toBe(line);
    },
  );
});

describe('the state of a query string', () => {
  test.each([
    ['state=abc', 'abc', 'state=x%20y'],
    ['code=a%2Fb&state=a.b.c&iss=http%3A%2F%2Fidp', 'a.b.c', 'code=a%2Fb&state=x%20y&iss=http%3A%2F%2Fidp'],
    ['state=a%2Eb+c&', 'a.b c', 'state=x%20y&'],
    ['%73tate=1&State=2', '1', 'state=x%20y&State=2'],
    ['error=access_denied&state==', '=', 'error=access_denied&state=x%20y'],
  ])('of %s is %s, and can be replaced', (query, state, replaced) => {
    const found = stateIn(query);
    expect(found?.text).toBe(state);
    expect(found?.replaced('x y')).toBe(replaced);
  });

  test.each([
    '',
    'code=a',
    'state',
    'state=',
    'state=a&state=a',
    'state=a&%73tate=b',
    'state=%E0%A4%A',
    `state=${'a'.repeat(4_097)}`,
    `state=${'a'.repeat(1_000_000)}`,
    `${'state=a&'.repeat(100_000)}`,
  ])('is missing, repeated, broken or too long in %.60s', (query) => {
    expect(stateIn(query)).toBeUndefined();
  });
});

describe('a redirect to an identity provider', () => {
  const to = (back: string, more = '') =>
    `http://idp/auth?response_type=code&redirect_uri=${encodeURIComponent(back)}&state=a.b.c&nonce=1${more}`;
  const back = 'https://gw/oauth2/callback';

  test('says where it leads back to, and with what state', () => {
    const asked = authorizationRequest(to(back, '#end'));
    expect(asked).toMatchObject({ redirectUri: back, state: 'a.b.c' });
    expect(asked?.replaced(back, 'a.b.c.code')).toBe(to(back, '#end').replace('a.b.c', 'a.b.c.code'));
    const other = 'https://gw/prefix/oauth2/callback';
    expect(asked?.replaced(other, 'd')).toBe(to(other, '#end').replace('a.b.c', 'd'));
  });

  test.each([
    to('https://gw/oauth2/callback/more'),
    to(back, '&state=2'),
    to(back, '&redirect_uri=x'),
    'http://idp/auth?redirect_uri=https%3A%2F%2Fgw%2Foauth2%2Fcallback',
    'http://idp/auth?state=a.b.c',
    'https://gw/ui/',
    '',
  ])('any other address is none: %s', (location) => {
    expect(authorizationRequest(location)).toBeUndefined();
  });
});
