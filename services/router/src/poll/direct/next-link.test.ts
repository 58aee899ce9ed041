import { gzipSync } from 'node:zlib';
import { expect, test } from '@jest/globals';
import { hasNextLink } from './next-link.ts';

const links = '"id":"20260101_000000_00000_abcde","infoUri":"http://gw/ui/query.html?q"';

const pages: [string, boolean, string][] = [
  ['a page with a next link', true, `{${links},"nextUri":"http://gw/v1/statement/executing/q/s/1","stats":{}}`],
  ['one with rows behind it', true, `{${links},"nextUri":"http://gw/x","columns":[],"data":[[1]],"stats":{}}`],
  ['a last page', false, `{${links},"columns":[],"data":[[1]],"stats":{}}`],
  ['a last page whose rows hold that key', false, `{${links},"data":[[{"nextUri":"http://gw/x"}]],"stats":{}}`],
  ['one whose text holds it', false, `{"id":"\\"nextUri\\":\\"x","infoUri":"\\"nextUri\\":\\"x","stats":{}}`],
  ['a last page with that key in an object of it', false, `{${links},"stats":{"nextUri":"http://gw/x"}}`],
  ['one with its link behind the rows', false, `{${links},"data":[[1]],"nextUri":"http://gw/x"}`],
  ['one whose link comes late', false, `{"id":"${'x'.repeat(5_000)}","nextUri":"http://gw/x"}`],
  ['one whose link is none', false, `{${links},"nextUri":null}`],
];

test.each(pages)('%s certainly has one: %s', (_title, has, page) => {
  expect(hasNextLink('identity', Buffer.from(page))).toBe(has);
  expect(hasNextLink('gzip', gzipSync(page))).toBe(has);
  expect(hasNextLink('br', Buffer.from(page))).toBe(false);
});
