import { expect, test } from '@jest/globals';
import type { Span } from './high-water-mark.ts';
import { overtakings } from './overtakings.ts';
import type { StoredTurn } from './stored-turns.ts';

const early = (turnAt: number): StoredTurn => ({ id: 'early', place: 1, arrivedAt: 10, turnAt, queryId: '' });
const late = (turnAt: number): StoredTurn => ({ id: 'late', place: 2, arrivedAt: 20, turnAt, queryId: '' });
const direct = (turnAt: number): StoredTurn => ({
  id: 'direct',
  place: undefined,
  arrivedAt: turnAt,
  turnAt,
  queryId: '',
});
const polled = (...spans: Span[]) => spans;

test.each<[string, StoredTurn[], Span[], number]>([
  ['in order', [early(100), late(200)], polled({ from: 10, to: 100 }), 0],
  ['together', [early(100), late(100)], polled({ from: 10, to: 100 }), 0],
  ['overtaken while it polled', [early(300), late(200)], polled({ from: 50, to: 300 }), 1],
  ['while it still polls', [early(300), late(200)], polled({ from: 50, to: undefined }), 1],
  ['before its poll can have arrived', [early(300), late(200)], polled({ from: 160, to: 300 }), 0],
  ['between two polls', [early(300), late(200)], polled({ from: 50, to: 190 }, { from: 195, to: 300 }), 0],
  ['by one that found a slot at once', [early(300), direct(200)], polled({ from: 50, to: 300 }), 1],
  ['by one that was there before it came', [early(300), direct(5)], polled({ from: 10, to: 300 }), 0],
])('exactly those overtaken while they polled are counted: %s', (_, turns, spans, count) => {
  expect(overtakings(turns, () => spans, 50)).toHaveLength(count);
});
