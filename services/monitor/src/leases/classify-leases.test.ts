import { expect, test } from '@jest/globals';
import type { QueryObservation } from '../clusters/observe-queries.ts';
import { classifyLeases } from './classify-leases.ts';

const ID = '20260101_000000_00001_aaaaa';
const NONE = new Map<string, number>();
const observed = (state?: string, incarnation: string | undefined = 'aaaaa') => {
  const one: QueryObservation = {
    state: state ?? '',
    errorName: undefined,
    createdAt: undefined,
    startedAt: undefined,
    endedAt: undefined,
  };
  return { ids: [ID], known: new Map(state === undefined ? [] : [[ID, one]]), incarnation };
};

test.each(['QUEUED', 'WAITING_FOR_RESOURCES', 'DISPATCHING', 'PLANNING', 'STARTING', 'RUNNING', 'FINISHING', 'NEW'])(
  'a query that is %s keeps its lease',
  (state) => {
    const found = classifyLeases(observed(state), new Map([[ID, 0]]), 1_000_000);
    expect(found).toEqual({ ended: [], restarted: [], lost: [], missingSince: NONE });
  },
);

test.each(['FINISHED', 'FAILED'])('the lease of a query that is %s is over', (state) => {
  expect(classifyLeases(observed(state), NONE, 5)).toMatchObject({ ended: [ID], lost: [] });
});

test('the lease of a query whose coordinator has restarted is over', () => {
  expect(classifyLeases(observed(undefined, 'bbbbb'), NONE, 5)).toMatchObject({ restarted: [ID], lost: [] });
});

test('a query counts as lost when it has been missing for three seconds', () => {
  const first = classifyLeases(observed(), NONE, 1_000);
  expect(first).toMatchObject({ lost: [], missingSince: new Map([[ID, 1_000]]) });
  const second = classifyLeases(observed(), first.missingSince, 3_999);
  expect(second).toMatchObject({ lost: [], missingSince: new Map([[ID, 1_000]]) });
  expect(classifyLeases(observed(), second.missingSince, 4_000).lost).toEqual([ID]);
});

test('a query that was seen in between is missing anew', () => {
  const seen = classifyLeases(observed('RUNNING'), new Map([[ID, 0]]), 3_000);
  expect(classifyLeases(observed(), seen.missingSince, 6_000).lost).toEqual([]);
});

test('without a known incarnation no query counts as one of an earlier incarnation', () => {
  const { restarted, lost } = classifyLeases({ ...observed(), incarnation: undefined }, NONE, 5);
  expect([restarted, lost]).toEqual([[], []]);
});
