import { expect, test } from '@jest/globals';
import { createBoundedLines } from './bounded-lines.ts';

test('so many lines a second are written, and the next one says how many were left out', () => {
  const lines: unknown[] = [];
  let now = 0;
  const log = createBoundedLines({ info: (_message, fields) => void lines.push(fields) }, 2, () => now);
  for (let n = 0; n < 1_000; n++) log('x', { n });
  now = 999;
  log('x', { n: 1_000 });
  now = 1_000;
  log('x', { n: 1_001 });
  log('x', { n: 1_002 });
  expect(lines).toEqual([{ n: 0 }, { n: 1 }, { n: 1_001, leftOut: 999 }, { n: 1_002 }]);
});
