import { create, toJson } from '@bufbuild/protobuf';
import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import { describe, expect, test } from '@jest/globals';
import { Query_State, QuerySchema } from '@trino-gateway/api/gateway';
import {
  completedEvent,
  createdEvent,
  DIVIDED_BY_ZERO,
  type EventParts,
  QUERY_ID,
} from '@trino-gateway/testing/trino-events';
import { readEvent } from './read-event.ts';

const at = (time: string) => timestampFromMs(Date.parse(`2026-11-21T08:08:${time}Z`));
const reportOf = (parts: EventParts) => {
  const reading = readEvent(completedEvent(parts));
  if (reading.kind !== 'completed') throw new Error(`read as ${JSON.stringify(reading)}`);
  return reading.report;
};

test('a completed event gives state, rows and the times of the cluster, not who submitted what', () => {
  const expected = create(QuerySchema, {
    id: QUERY_ID,
    trinoQueryId: QUERY_ID,
    state: Query_State.FINISHED,
    submittedAt: at('08.217'),
    startedAt: at('08.228'),
    endedAt: at('08.591'),
    rows: 25n,
  });
  expect(toJson(QuerySchema, reportOf({}))).toEqual(toJson(QuerySchema, expected));
});

test('a failed query has its error by name, code and message, without the stack', () => {
  const report = reportOf(DIVIDED_BY_ZERO);
  expect(report).toMatchObject({
    state: Query_State.FAILED,
    error: { name: 'DIVISION_BY_ZERO', code: 8, message: 'Division by zero' },
  });
  expect(JSON.stringify(toJson(QuerySchema, report))).not.toContain('Math.java');
});

test('a query that failed before it ran was never started', () => {
  const parts = { ...DIVIDED_BY_ZERO, executionStartTime: '2026-11-21T08:08:08.591Z' };
  expect(reportOf(parts).startedAt).toBeUndefined();
});

test.each<[string, EventParts, bigint | undefined]>([
  ['of a query: those it showed', {}, 25n],
  ['of INSERT and CREATE TABLE AS: those that were written', writes('INSERT', 1, 40), 40n],
  ['of an INSERT of nothing', writes('INSERT', 1, 0), 0n],
  ['of a DELETE whose connector counts', writes('DELETE', 1, 7), 7n],
  ['of a DELETE whose connector does not count: not known', writes('DELETE', 1, 0), undefined],
  ['of a statement without a type', { context: { queryType: undefined }, statistics: { outputRows: 3 } }, 3n],
  ['a negative number is none', { statistics: { outputRows: -1 } }, undefined],
  ['a text is none', { statistics: { outputRows: '25' } }, undefined],
  ['half a row is none', { statistics: { outputRows: 1.5 } }, undefined],
])('rows %s', (_, parts, rows) => {
  expect(reportOf(parts).rows).toBe(rows);
});

function writes(queryType: string, outputRows: number, writtenRows: number): EventParts {
  return { context: { queryType }, statistics: { outputRows, writtenRows } };
}

test('durations may be numbers or texts such as PT0.363S', () => {
  const statistics = { cpuTime: 'PT0.002S', wallTime: 'PT0.363S', queuedTime: 'PT0S' };
  expect(reportOf({ statistics })).toEqual(reportOf({}));
});

test.each<[string, EventParts]>([
  ['without failureInfo', { failureInfo: undefined }],
  ['with a failureInfo of another shape', { failureInfo: { errorCode: 'SYNTAX_ERROR' } }],
])('a failed query %s is reported as failed', (_, parts) => {
  const report = reportOf({ metadata: { queryState: 'FAILED' }, ...parts });
  expect(report).toMatchObject({ state: Query_State.FAILED });
  expect(report.error).toBeUndefined();
});

test('a message of megabytes is cut, at a whole character', () => {
  const errorCode = { code: 65_536, name: 'GENERIC_INTERNAL_ERROR' };
  const failureInfo = { errorCode, failureMessage: `${'x'.repeat(9_999)}🦆${'y'.repeat(2_000_000)}` };
  const message = reportOf({ metadata: { queryState: 'FAILED' }, failureInfo }).error?.message ?? '';
  expect(message).toHaveLength(10_000);
  expect(message.isWellFormed()).toBe(true);
});

describe('passed over', () => {
  test.each<[string, unknown]>([
    ['the beginning of a query', createdEvent()],
    ['the end of a probe of ours', completedEvent({ context: { source: 'trino-gateway-monitor' } })],
    ['a split, as older versions send them', { queryId: QUERY_ID, stageId: `${QUERY_ID}.0`, taskId: '0', payload: '' }],
  ])('%s', (_, event) => {
    expect(readEvent(event)).toEqual({ kind: 'passed over' });
  });
});

describe('malformed', () => {
  test.each<[string, unknown, string]>([
    ['nothing', undefined, 'metadata.queryId: expected a query id of Trino, got nothing'],
    ['null', null, 'metadata.queryId'],
    ['a text', 'event', 'metadata.queryId'],
    ['a list', [completedEvent()], 'metadata.queryId'],
    ['an empty object', {}, 'metadata.queryId'],
    ['no query id', completedEvent({ metadata: { queryId: undefined } }), 'metadata.queryId'],
    ['a number for an id', completedEvent({ queryId: 7 }), 'metadata.queryId: expected a query id of Trino, got 7'],
    ['another id', completedEvent({ queryId: "x'; DROP TABLE queries" }), 'metadata.queryId'],
    ['a temporary id of ours', completedEvent({ queryId: '20261121_080808_00130_0abcd' }), 'metadata.queryId'],
    ['a state that is none of an end', completedEvent({ metadata: { queryState: 'RUNNING' } }), 'metadata.queryState'],
    ['no end', completedEvent({ endTime: undefined }), 'endTime'],
    ['an end that is no time', completedEvent({ endTime: 'soon' }), 'endTime: expected a time such as'],
    ['an end as a number', completedEvent({ endTime: 1_795_000_000 }), 'endTime'],
    ['an end after all times', completedEvent({ endTime: '+275760-09-13T00:00:00Z' }), 'endTime'],
    ['a very long state', completedEvent({ metadata: { queryState: 'x'.repeat(1_000_000) } }), 'metadata.queryState'],
  ])('%s', (_, event, problem) => {
    const reading = readEvent(event);
    expect(reading).toEqual({ kind: 'malformed', problem: expect.stringContaining(problem) });
    expect(JSON.stringify(reading).length).toBeLessThan(300);
  });
});
