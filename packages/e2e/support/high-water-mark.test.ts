import { expect, test } from '@jest/globals';
import { highWaterMark, type Span } from './high-water-mark.ts';

const span = (from: number, to?: number): Span => ({ from, to });

test.each<[string, Span[], number]>([
  ['nothing', [], 0],
  ['one after the other', [span(0, 5), span(5, 9)], 1],
  ['two at a time', [span(0, 5), span(4, 9), span(9, 12)], 2],
  ['those that still run', [span(0), span(3), span(1, 2)], 2],
  ['one within another', [span(0, 10), span(2, 3), span(4, 5)], 2],
])('the most spans at one time are counted: %s', (_, spans, most) => {
  expect(highWaterMark(spans)).toBe(most);
});
