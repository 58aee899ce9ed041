import { expect, test } from '@jest/globals';
import { maxWaitMs } from './max-wait.ts';

test.each([
  ['/v1/statement/queued/a/y/1', undefined],
  ['/v1/statement/queued/a/y/1?', undefined],
  ['/v1/statement/queued/a/y/1?maxWait=', undefined],
  ['/v1/statement/queued/a/y/1?maxWait=500ms', 500],
  ['/v1/statement/queued/a/y/1?targetResultSize=5MB&maxWait=1.50s', 1_500],
  ['/v1/statement/queued/a/y/1?maxWait=2%20m', 120_000],
  ['/v1/statement/queued/a/y/1?maxWait=3d', 259_200_000],
  ['/v1/statement/queued/a/y/1?maxWait=0ns', 0],
  ['/v1/statement/queued/a/y/1?maxWait=1', undefined],
  ['/v1/statement/queued/a/y/1?maxWait=-1s', undefined],
  ['/v1/statement/queued/a/y/1?maxWait=1%00s', undefined],
  ['/v1/statement/queued/a/y/1?maxWait=1constructor', undefined],
  ['/v1/statement/queued/a/y/1?maxWait=1S', undefined],
  [`/v1/statement/queued/a/y/1?maxWait=${'9'.repeat(1_000_000)}s`, undefined],
])('the longest hold that a client asks for: %.80s', (target, expected) => {
  expect(maxWaitMs(target)).toBe(expected);
});
