import type { IncomingMessage } from 'node:http';
import { PassThrough } from 'node:stream';
import { expect, test } from '@jest/globals';
import { until } from '@trino-gateway/testing/processes/until';
import { createBodyPace } from '../limits/body-pace.ts';
import { createByteBudget } from '../limits/byte-budget.ts';
import { readRequestBody } from './body.ts';

const pace = createBodyPace();
const budgetOf = (bytes: number) => createByteBudget(bytes, bytes);

/** A request whose body a test writes. */
function request(announced?: number) {
  const body = new PassThrough({ highWaterMark: 1_000_000 });
  const rawHeaders = announced === undefined ? [] : ['Content-Length', String(announced)];
  return { body, asked: Object.assign(body, { rawHeaders }) as unknown as IncomingMessage };
}

test('a body in chunks of any size arrives whole and unchanged', async () => {
  const budget = budgetOf(1_000_000);
  const { body, asked } = request();
  const read = readRequestBody(asked, 1_000_000, { account: budget.open('a'), pace });
  const pieces = [1, 3, 20_000, 5, 16_383, 16_384, 2, 2, 70_000].map((length, at) => Buffer.alloc(length, 65 + at));
  for (const piece of pieces) body.write(piece);
  body.end();
  expect(await read).toEqual({ kind: 'whole', bytes: Buffer.concat(pieces) });
  expect(budget.taken()).toBe(Buffer.concat(pieces).length);
});

test('a body counts as it arrives; one that does not fit is refused then, or at once when its length is announced', async () => {
  const budget = budgetOf(100);
  const first = request(80);
  const reading = readRequestBody(first.asked, 1_000, { account: budget.open('a'), pace });
  first.body.write(Buffer.alloc(60));
  await until('the bytes are counted', () => budget.taken() === 60);
  await expect(readRequestBody(request(41).asked, 1_000, { account: budget.open('b'), pace })).rejects.toMatchObject({
    status: 503,
    headers: ['Retry-After', '1'],
  });
  const chunked = request();
  const refused = readRequestBody(chunked.asked, 1_000, { account: budget.open('c'), pace });
  chunked.body.write(Buffer.alloc(41));
  await expect(refused).rejects.toMatchObject({ status: 503 });
  first.body.end(Buffer.alloc(20));
  expect(await reading).toMatchObject({ kind: 'whole' });
  expect(budget.taken()).toBe(80);
});

test('a body that is too long is neither kept nor counted', async () => {
  const budget = budgetOf(100);
  const announced = request(5_000);
  const read = readRequestBody(announced.asked, 50, { account: budget.open('a'), pace });
  announced.body.end(Buffer.alloc(5_000));
  expect(await read).toEqual({ kind: 'tooLong' });
  const chunked = request();
  const other = readRequestBody(chunked.asked, 50, { account: budget.open('a'), pace });
  chunked.body.write(Buffer.alloc(40));
  chunked.body.end(Buffer.alloc(40));
  expect(await other).toEqual({ kind: 'tooLong' });
  expect(budget.taken()).toBe(0);
});

test('a body that arrives too slowly is given up', async () => {
  const budget = budgetOf(100);
  const { body, asked } = request(90);
  const read = readRequestBody(asked, 1_000, {
    account: budget.open('a'),
    pace,
    timings: { graceMs: 50, leastRate: 1_000_000 },
  });
  body.write(Buffer.alloc(10));
  await expect(read).rejects.toMatchObject({ status: 408 });
  expect(budget.taken()).toBe(0);
});

test('a body that arrives fast enough may take longer than the grace time', async () => {
  const { body, asked } = request(90);
  const account = budgetOf(100).open('a');
  const read = readRequestBody(asked, 1_000, { account, pace, timings: { graceMs: 10, leastRate: 1 } });
  body.write(Buffer.alloc(50));
  const later = new Promise((resolve) => setTimeout(resolve, 50));
  await later;
  body.end(Buffer.alloc(40));
  expect(await read).toMatchObject({ kind: 'whole' });
});
