import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { LinkRewriter, type LinkRewriterOptions } from './link-rewriter.ts';

const options = {
  backendUrls: ['http://trino-1:8080', 'https://Trino.example:443/'],
  outsideUrl: 'https://gw.example:8443',
};

function rewrite(bytes: Buffer, cuts: readonly number[] = []): Buffer {
  const rewriter = new LinkRewriter(options);
  const out: Buffer[] = [];
  let from = 0;
  for (const cut of [...cuts, bytes.length].filter((at) => at <= bytes.length).sort((a, b) => a - b)) {
    out.push(...rewriter.push(bytes.subarray(from, cut)));
    from = cut;
  }
  return Buffer.concat([...out, rewriter.end()]);
}

const page =
  '{"id":"x","infoUri":"http://trino-1:8080/ui/query.html?x","nextUri":"http://trino-1:8080/v1/statement/executing/x/y/1?a=http://trino-1:8080/",' +
  '"data":[["\\"nextUri\\":\\"http://trino-1:8080/\\"",9223372036854775807,1.10,"http://trino-1:8080/"]],"stats":{"state":"RUNNING"}}';

test('only scheme and authority of links change; rows keep every byte', () => {
  expect(rewrite(Buffer.from(page)).toString()).toBe(
    page
      .replace('"infoUri":"http://trino-1:8080', '"infoUri":"https://gw.example:8443')
      .replace('"nextUri":"http://trino-1:8080', '"nextUri":"https://gw.example:8443'),
  );
});

test.each([
  ['http://trino-1:8080', 'https://gw.example:8443'],
  ['HTTP://TRINO-1:8080/x', 'https://gw.example:8443/x'],
  ['https://trino.example/x?y#z', 'https://gw.example:8443/x?y#z'],
  ['https://trino.example:443', 'https://gw.example:8443'],
  ['https://trino-1:8080/x', 'https://trino-1:8080/x'],
  ['http://trino-1:80801/x', 'http://trino-1:80801/x'],
  ['http://trino-1:8080.evil/x', 'http://trino-1:8080.evil/x'],
  ['http://trino-1:8080@evil/x', 'http://trino-1:8080@evil/x'],
  ['https://s3.example/presigned?sig=1', 'https://s3.example/presigned?sig=1'],
  ['/relative', '/relative'],
  ['', ''],
])('a link to %s goes to %s', (link, expected) => {
  expect(JSON.parse(rewrite(Buffer.from(JSON.stringify({ nextUri: link }))).toString()).nextUri).toBe(expected);
});

test('an escaped link is rewritten too', () => {
  const text = rewrite(Buffer.from('{"nextUri":"http:\\/\\/trino-1:8080\\/v1\\/a"}')).toString();
  expect(text).toBe('{"nextUri":"https://gw.example:8443/v1/a"}');
});

test('links of spooled segments are rewritten, pre-signed ones are not', () => {
  const segments = [{ type: 'spooled', uri: 'https://s3.example/a', ackUri: 'http://trino-1:8080/v1/spooled/ack/a' }];
  const { data } = JSON.parse(rewrite(Buffer.from(JSON.stringify({ data: { segments } }))).toString());
  expect(data.segments[0]).toEqual({ ...segments[0], ackUri: 'https://gw.example:8443/v1/spooled/ack/a' });
});

test('a path prefix is put before the path, or taken off', () => {
  const link = (options: LinkRewriterOptions, nextUri: string) => {
    const rewriter = new LinkRewriter(options);
    const page = Buffer.concat([...rewriter.push(Buffer.from(JSON.stringify({ nextUri }))), rewriter.end()]);
    return JSON.parse(page.toString()).nextUri;
  };
  const outside = { backendUrls: ['http://trino-1:8080'], outsideUrl: 'https://gw.example/trino' };
  expect(link(outside, 'http://trino-1:8080/v1/a?b')).toBe('https://gw.example/trino/v1/a?b');
  const moved = { backendUrls: ['https://gw.example/trino'], outsideUrl: 'http://other' };
  expect(link(moved, 'https://gw.example/trino/v1/a')).toBe('http://other/v1/a');
  expect(link(moved, 'https://gw.example/trinox/v1/a')).toBe('https://gw.example/trinox/v1/a');
});

test('links behind the rows are rewritten where not both of infoUri and nextUri stand before them', () => {
  const link = 'http://trino-1:8080/a';
  const before = (page: object) =>
    rewrite(Buffer.from(JSON.stringify(page)))
      .toString()
      .split('gw.example').length - 1;
  expect(before({ data: [[1]], infoUri: link, nextUri: link })).toBe(2);
  expect(before({ infoUri: link, data: [[1]], nextUri: link })).toBe(2);
  expect(before({ nextUri: link, data: [], infoUri: link })).toBe(2);
  expect(before({ infoUri: link, data: [[1]] })).toBe(1);
  expect(before({ infoUri: link, nextUri: link, columns: [{ data: [] }], partialCancelUri: link, data: [] })).toBe(3);
});

test('any cut into chunks gives the same bytes', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(page.length)), fc.nat(page.length), (cuts, length) => {
      const part = Buffer.from(page.slice(0, length));
      expect(rewrite(part, cuts).equals(rewrite(part))).toBe(true);
    }),
  );
});

test('bytes that are no page pass as they are', () => {
  fc.assert(
    fc.property(fc.uint8Array(), fc.array(fc.nat(50)), (bytes, cuts) => {
      expect(rewrite(Buffer.from(bytes), cuts).equals(Buffer.from(bytes))).toBe(true);
    }),
  );
});

test('only an unfinished link is held back', () => {
  const rewriter = new LinkRewriter(options);
  const passed = rewriter.push(Buffer.from('{"id":"x","nextUri":"http://trino-1:8080/v1'));
  expect(Buffer.concat(passed).toString()).toBe('{"id":"x","nextUri":"');
  expect(rewriter.end().toString()).toBe('http://trino-1:8080/v1');
});
