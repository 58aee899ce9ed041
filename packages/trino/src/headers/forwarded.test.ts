import { expect, test } from '@jest/globals';
import { forwardedElements } from './forwarded.ts';

test.each<[string[], object[]]>([
  [['for=192.0.2.1;host=gw.example;proto=https'], [{ for: '192.0.2.1', host: 'gw.example', proto: 'https' }]],
  [['For=a; Host = b ; PROTO=c'], [{ for: 'a', host: 'b', proto: 'c' }]],
  [['for="[2001:db8::1]:99";host="gw.example:8443"'], [{ for: '[2001:db8::1]:99', host: 'gw.example:8443' }]],
  [
    ['for=a, for=b;by=x', 'for=c'],
    [{ for: 'a' }, { for: 'b' }, { for: 'c' }],
  ],
  [['host=a;host=b'], [{ host: 'a' }]],
  [['host="a,b;c"'], [{ host: 'a,b;c' }]],
  [['host="a\\"b"'], [{ host: 'a"b' }]],
  [[';;, ,'], []],
  [['host=', 'junk', 'by=1'], []],
  [['host="gw.example'], [{ host: 'gw.example' }]],
  [[], []],
])('%j is %j', (lines, elements) => expect(forwardedElements(lines)).toEqual(elements));

test.each([
  ['quotes', '"'.repeat(1_000_000)],
  ['an open quote', `host="${'\\a'.repeat(500_000)}`],
  ['many open quotes', 'host="'.repeat(160_000)],
  ['names', 'a'.repeat(1_000_000)],
  ['elements', 'for=a,'.repeat(160_000)],
])('a line of a megabyte (%s) takes no more than its length', (_, line) => {
  const before = process.cpuUsage();
  forwardedElements([line]);
  expect(process.cpuUsage(before).user / 1_000).toBeLessThan(1_500);
});
