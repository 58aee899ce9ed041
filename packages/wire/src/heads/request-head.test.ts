import { expect, test } from '@jest/globals';
import { RequestHeads } from './request-head.ts';

const POLL =
  'GET /v1/statement/executing/20261121_072228_00317_nitsd/y2bb7/2?maxWait=1s HTTP/1.1\r\nHost: gw:8080\r\nX-Trino-User:  joe \r\n\r\n';

test('a poll is read, whether it comes at once or byte by byte, and a block that comes again is the same object', () => {
  const bytes = Buffer.from(`xx${POLL}${POLL}`);
  const heads = new RequestHeads();
  const first = heads.read(bytes, 2, bytes.length);
  expect(first).toMatchObject({
    method: 'GET',
    target: '/v1/statement/executing/20261121_072228_00317_nitsd/y2bb7/2?maxWait=1s',
    length: POLL.length,
    block: { rawHeaders: ['Host', 'gw:8080', 'X-Trino-User', 'joe'], contentLength: undefined, keepsAlive: true },
  });
  const start = 2 + POLL.length;
  let second: ReturnType<RequestHeads['read']> = 'incomplete';
  for (let end = start; end <= bytes.length; end++) {
    expect(second).toBe('incomplete');
    second = heads.read(bytes, start, end);
  }
  expect(second).toEqual(first);
  expect((second as { block: unknown }).block).toBe((first as { block: unknown }).block);
});
