import { expect, test } from '@jest/globals';
import type { Sighting } from '../clusters/observe-queries.ts';
import { judgeLeases } from './classify-leases.ts';

const ID = '20260101_000000_00001_aaaaa';
const NONE = new Map<string, number>();
const sightings = (state?: string, life: string | undefined = 'aaaaa') => {
  const one: Sighting = { state: state ?? '', errorName: undefined, startedAt: undefined, endedAt: undefined };
  return { ids: [ID], seen: new Map(state === undefined ? [] : [[ID, one]]), life };
};

test.each(['QUEUED', 'WAITING_FOR_RESOURCES', 'DISPATCHING', 'PLANNING', 'STARTING', 'RUNNING', 'FINISHING', 'NEW'])(
  'a query that is %s loses its slot',
  (state) => {
    const found = judgeLeases(sightings(state), new Map([[ID, 0]]), 1_000_000);
    expect(found).toEqual({ ended: [], restarted: [], lost: [], missingSince: NONE });
  },
);

test.each(['FINISHED', 'FAILED'])('a query that is %s keeps its slot', (state) => {
  expect(judgeLeases(sightings(state), NONE, 5)).toMatchObject({ ended: [ID], lost: [] });
});

test('a query whose coordinator has restarted keeps its slot', () => {
  expect(judgeLeases(sightings(undefined, 'bbbbb'), NONE, 5)).toMatchObject({ restarted: [ID], lost: [] });
});

test('a query not listed once, or twice within a moment, loses its slot before its first poll arrived', () => {
  const first = judgeLeases(sightings(), NONE, 1_000);
  expect(first).toMatchObject({ lost: [], missingSince: new Map([[ID, 1_000]]) });
  const second = judgeLeases(sightings(), first.missingSince, 3_999);
  expect(second).toMatchObject({ lost: [], missingSince: new Map([[ID, 1_000]]) });
  expect(judgeLeases(sightings(), second.missingSince, 4_000).lost).toEqual([ID]);
});

test('a query that was seen in between counts as missed since long ago', () => {
  const seen = judgeLeases(sightings('RUNNING'), new Map([[ID, 0]]), 3_000);
  expect(judgeLeases(sightings(), seen.missingSince, 6_000).lost).toEqual([]);
});

test('a life that does not say who it is settles queries as those of another', () => {
  const { restarted, lost } = judgeLeases({ ...sightings(), life: undefined }, NONE, 5);
  expect([restarted, lost]).toEqual([[], []]);
});
