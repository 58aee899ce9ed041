import { expect, test } from '@jest/globals';
import { until } from '@trino-gateway/testing/processes/until';
import { createBodyPace } from './body-pace.ts';

test('requests with long bodies are read a few at a time, in turn', async () => {
  const went: number[] = [];
  let turns = 0;
  const requests = Array.from({ length: 100 }, (_, n) => {
    const resume = () => {
      if (went.length === 0 || went.at(-1) === -1) turns += 1;
      went.push(n);
      queueMicrotask(() => went.at(-1) !== -1 && went.push(-1)); // the end of a turn
    };
    return { pause: () => {}, resume };
  });
  const pace = createBodyPace();
  for (const request of requests) pace.waitForTurn(request);
  expect(went).toEqual([]);
  await until('all have gone on', () => went.filter((n) => n >= 0).length === 100);
  expect(went.filter((n) => n >= 0)).toEqual(requests.map((_, n) => n));
  expect(turns).toBe(7);
});
