import { expect, test } from '@jest/globals';
import { ResponseHeads } from './response-head.ts';

const PAGE =
  'HTTP/1.1 200 OK\r\nDate: Sat, 21 Nov 2026 07:22:28 GMT\r\nContent-Type: application/json\r\nContent-Length: 724\r\n\r\n';

test('the head of a page is read, whether it comes at once or byte by byte', () => {
  const bytes = Buffer.from(PAGE + PAGE);
  const heads = new ResponseHeads();
  const first = heads.read(bytes, 0, bytes.length, 'other');
  expect(first).toEqual({
    status: 200,
    reason: 'OK',
    length: PAGE.length,
    rawHeaders: [
      ...['Date', 'Sat, 21 Nov 2026 07:22:28 GMT'],
      ...['Content-Type', 'application/json'],
      ...['Content-Length', '724'],
    ],
    body: { kind: 'length', bytes: 724 },
    keepsAlive: true,
  });
  let second: ReturnType<ResponseHeads['read']> = 'incomplete';
  for (let end = PAGE.length; end <= bytes.length; end++) {
    expect(second).toBe('incomplete');
    second = heads.read(bytes, PAGE.length, end, 'other');
  }
  expect(second).toEqual(first);
});
