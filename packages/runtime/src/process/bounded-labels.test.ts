import { expect, test } from '@jest/globals';
import { boundedLabels } from './bounded-labels.ts';

test('invented names do not make the series of a metric grow without bound', () => {
  const bounded = boundedLabels(2, ['group']);
  const series = ['a', 'b', 'c', 'd', 'a'].map((group) => bounded({ group, outcome: 'chosen' }));
  expect(series.map(({ group }) => group)).toEqual(['a', 'b', 'other', 'other', 'a']);
  expect(series.every(({ outcome }) => outcome === 'chosen')).toBe(true);
});
