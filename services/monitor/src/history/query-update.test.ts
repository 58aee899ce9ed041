import { create } from '@bufbuild/protobuf';
import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import { expect, test } from '@jest/globals';
import { QuerySchema, Query_State as State } from '@trino-gateway/api/gateway';
import type { QueryObservation } from '../clusters/observe-queries.ts';
import { queryUpdate } from './query-update.ts';

const NOW = 10_000_000;
const at = (ms: number) => timestampFromMs(ms);
const entry = (state: State, submittedAt = NOW - 5_000) =>
  create(QuerySchema, { id: 'q', trinoQueryId: 'q', state, submittedAt: at(submittedAt) });
const seen = (state: string, more: Partial<QueryObservation> = {}): QueryObservation => ({
  state,
  errorName: undefined,
  createdAt: undefined,
  startedAt: undefined,
  endedAt: undefined,
  ...more,
});

test.each<[string, State, QueryObservation | undefined, State | undefined]>([
  ['still queued', State.QUEUED, seen('QUEUED'), undefined],
  ['waiting for workers', State.QUEUED, seen('WAITING_FOR_RESOURCES'), undefined],
  ['dispatching', State.QUEUED, seen('DISPATCHING'), State.RUNNING],
  ['planning', State.QUEUED, seen('PLANNING'), State.RUNNING],
  ['starting', State.QUEUED, seen('STARTING'), State.RUNNING],
  ['running', State.QUEUED, seen('RUNNING'), State.RUNNING],
  ['finishing', State.QUEUED, seen('FINISHING'), State.RUNNING],
  ['still running', State.RUNNING, seen('RUNNING'), undefined],
  ['running before, queued now', State.RUNNING, seen('QUEUED'), undefined],
  ['finished', State.RUNNING, seen('FINISHED'), State.FINISHED],
  ['finished before it was observed running', State.QUEUED, seen('FINISHED'), State.FINISHED],
  ['failed', State.RUNNING, seen('FAILED'), State.FAILED],
  ['not known yet', State.QUEUED, undefined, undefined],
])('the state of a query of a DIRECT backend: %s', (_, before, observation, after) => {
  expect(queryUpdate(entry(before), observation, NOW)?.state).toBe(after);
});

test('a query that the cluster does not know ends as UNKNOWN, but not while it may still be polled', () => {
  expect(queryUpdate(entry(State.QUEUED, NOW - 599_999), undefined, NOW)).toBeUndefined();
  const lost = queryUpdate(entry(State.RUNNING, NOW - 600_000), undefined, NOW);
  expect(lost).toMatchObject({ id: 'q', state: State.UNKNOWN });
  expect(lost?.endedAt).toBeUndefined();
});

test('times and the name of the error are the cluster’s', () => {
  const times = { startedAt: NOW - 4_000, endedAt: NOW - 1_000 };
  expect(queryUpdate(entry(State.QUEUED), seen('FAILED', { ...times, errorName: 'SYNTAX_ERROR' }), NOW)).toMatchObject({
    startedAt: at(NOW - 4_000),
    endedAt: at(NOW - 1_000),
    submittedAt: at(NOW - 5_000),
    error: { name: 'SYNTAX_ERROR' },
  });
});

test.each([-600_000, 0, 600_000])(
  'the times of a cluster whose clock is %i ms ahead are moved by that, so that waiting and running take what they took',
  (ahead) => {
    const waited = { ...entry(State.RUNNING), queuedMs: 2_000 };
    const [createdAt, startedAt, endedAt] = [-3_000, -2_500, -1_000].map((ms) => NOW + ms + ahead);
    expect(queryUpdate(waited, seen('FINISHED', { createdAt, startedAt, endedAt }), NOW)).toMatchObject({
      submittedAt: at(NOW - 5_000),
      startedAt: at(NOW - 2_500),
      endedAt: at(NOW - 1_000),
    });
  },
);

test('the times of a cluster that had the query a moment after the router are its own', () => {
  const times = { createdAt: NOW - 4_900, startedAt: NOW - 4_000, endedAt: NOW - 1_000 };
  expect(queryUpdate(entry(State.RUNNING), seen('FINISHED', times), NOW)).toMatchObject({
    startedAt: at(NOW - 4_000),
    endedAt: at(NOW - 1_000),
  });
});

test('the times of a cluster that does not say when it got the query never precede the submission', () => {
  const times = { startedAt: NOW - 90_000, endedAt: NOW - 80_000 };
  expect(queryUpdate(entry(State.QUEUED), seen('FINISHED', times), NOW)).toMatchObject({
    submittedAt: at(NOW - 5_000),
    startedAt: at(NOW - 5_000),
    endedAt: at(NOW - 5_000),
  });
});
