import { expect, test } from '@jest/globals';
import { boundedLabels } from './bounded-labels.ts';

test('somebody who invents names does not fill the memory of whoever scrapes the metrics', () => {
  const bounded = boundedLabels(2, ['group']);
  const series = ['a', 'b', 'c', 'd', 'a'].map((group) => bounded({ group, outcome: 'chosen' }));
  expect(series.map(({ group }) => group)).toEqual(['a', 'b', 'other', 'other', 'a']);
  expect(series.every(({ outcome }) => outcome === 'chosen')).toBe(true);
});
