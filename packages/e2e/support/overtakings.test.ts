import { expect, test } from '@jest/globals';
import type { GrantedSlot } from './granted-slots.ts';
import type { Span } from './high-water-mark.ts';
import { overtakings } from './overtakings.ts';

const early = (grantedAt: number): GrantedSlot => ({ id: 'early', place: 1, arrivedAt: 10, grantedAt, queryId: '' });
const late = (grantedAt: number): GrantedSlot => ({ id: 'late', place: 2, arrivedAt: 20, grantedAt, queryId: '' });
const direct = (grantedAt: number): GrantedSlot => ({
  id: 'direct',
  place: undefined,
  arrivedAt: grantedAt,
  grantedAt,
  queryId: '',
});
const polled = (...spans: Span[]) => spans;

test.each<[string, GrantedSlot[], Span[], number]>([
  ['in order', [early(100), late(200)], polled({ from: 10, to: 100 }), 0],
  ['together', [early(100), late(100)], polled({ from: 10, to: 100 }), 0],
  ['overtaken while it polled', [early(300), late(200)], polled({ from: 50, to: 300 }), 1],
  ['while it still polls', [early(300), late(200)], polled({ from: 50, to: undefined }), 1],
  ['before its poll can have arrived', [early(300), late(200)], polled({ from: 160, to: 300 }), 0],
  ['between two polls', [early(300), late(200)], polled({ from: 50, to: 190 }, { from: 195, to: 300 }), 0],
  ['by one that found a slot at once', [early(300), direct(200)], polled({ from: 50, to: 300 }), 1],
  ['by one that was there before it came', [early(300), direct(5)], polled({ from: 10, to: 300 }), 0],
])('exactly those overtaken while they polled are counted: %s', (_, grants, spans, count) => {
  expect(overtakings(grants, () => spans, 50)).toHaveLength(count);
});
