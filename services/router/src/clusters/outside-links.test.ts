import { expect, test } from '@jest/globals';
import { outsideCookie, outsideLink } from './outside-links.ts';

const backendUrl = 'http://trino-1:8080';
const client = { scheme: 'https', authority: 'gw.example', prefix: '/trino' } as const;

test.each([
  ['https://gw.example/ui/login.html?/ui/query.html', 'https://gw.example/trino/ui/login.html?/ui/query.html'],
  ['https://gw.example/trino/ui/', 'https://gw.example/trino/ui/'],
  ['http://trino-1:8080/ui/', 'https://gw.example/trino/ui/'],
  ['/ui/login.html', '/trino/ui/login.html'],
  ['/trino/ui/', '/trino/ui/'],
  ['/trinox/', '/trino/trinox/'],
  ['//idp.example/x', '//idp.example/x'],
  ['https://idp.example/?redirect_uri=https://gw.example/', 'https://idp.example/?redirect_uri=https://gw.example/'],
  ['login.html', 'login.html'],
])('a link to %s is seen as %s', (link, seen) => expect(outsideLink(link, { backendUrl, client })).toBe(seen));

test.each(['/ui/', 'https://gw.example/', '//x'])('without a prefix a link to %s stays', (link) => {
  expect(outsideLink(link, { backendUrl, client: { ...client, prefix: '' } })).toBe(link);
});

test.each([
  ['Trino-UI-Token=a;Version=1;Path=/ui;HttpOnly', 'Trino-UI-Token=a;Version=1;Path=/trino/ui;HttpOnly'],
  ['a=b; Path=/', 'a=b; Path=/trino'],
  ['a=b; path=/trino/ui', 'a=b; path=/trino/ui'],
  ['a=b', 'a=b'],
])('the cookie %s is seen as %s', (cookie, seen) => expect(outsideCookie(cookie, client)).toBe(seen));
