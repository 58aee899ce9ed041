import { expect, test } from '@jest/globals';
import { createKnownQueries } from './known-queries.ts';

function knownAt() {
  const clock = { ms: 1_000_000 };
  return { clock, known: createKnownQueries(() => clock.ms) };
}

test('a query is told of from its first page until its last, with what its client did', () => {
  const { clock, known } = knownAt();
  known.handedOver('1_abcde', false);
  known.handedOver('2_abcde', true);
  known.handedOver('3_fghij', false);
  clock.ms += 5_000;
  known.polled('1_abcde');
  clock.ms += 1_000;
  expect(known.ofIncarnation('abcde')).toEqual({
    live: 2,
    queries: [
      { id: '1_abcde', silentMs: 1_000, polled: true, direct: false },
      { id: '2_abcde', silentMs: 6_000, polled: false, direct: true },
    ],
    endedQueryIds: [],
  });
  known.ended('1_abcde');
  expect(known.ofIncarnation('abcde')).toMatchObject({ live: 1, endedQueryIds: ['1_abcde'] });
});

test('a query that another router handed over is known from its first poll here, and its end is told', () => {
  const { known } = knownAt();
  known.polled('1_abcde');
  expect(known.ofIncarnation('abcde')).toMatchObject({ live: 1, queries: [{ id: '1_abcde', polled: true }] });
  known.ended('1_abcde');
  known.polled('1_abcde');
  known.handedOver('1_abcde', false);
  expect(known.ofIncarnation('abcde')).toMatchObject({ live: 0, endedQueryIds: ['1_abcde'] });
});

test('a query whose client has left is told of no more, and forgotten', () => {
  const { clock, known } = knownAt();
  known.handedOver('1_abcde', false);
  clock.ms += 360_000;
  expect(known.ofIncarnation('abcde').live).toBe(0);
  known.sweep();
  clock.ms -= 1_000;
  expect(known.ofIncarnation('abcde').live).toBe(0);
});

test('of many queries all are counted, and the latest hundred named', () => {
  const { clock, known } = knownAt();
  for (let number = 0; number < 250; number++) {
    clock.ms += 1;
    known.handedOver(`${number}_abcde`, false);
  }
  const { live, queries } = known.ofIncarnation('abcde');
  expect([live, queries.length, queries[0]?.id]).toEqual([250, 100, '249_abcde']);
});
