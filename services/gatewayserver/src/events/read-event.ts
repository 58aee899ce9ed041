import { create } from '@bufbuild/protobuf';
import { type Timestamp, timestampFromMs, timestampMs } from '@bufbuild/protobuf/wkt';
import { type Query, type Query_Error, Query_ErrorSchema, Query_State, QuerySchema } from '@trino-gateway/api/gateway';
import { PROBE_SOURCE } from '@trino-gateway/trino/probe-source';
import { isTemporaryQueryId, parseQueryId } from '@trino-gateway/trino/query-id';
import { LATEST_MS } from '../storage/contract/queries.ts';
import type { Members } from './pick-members.ts';

/** What an event of Trino's HTTP event listener means for history. */
export type EventReading =
  /**
   * The end of a query, with all times by the cluster's clock: `submittedAt` is when the cluster got it. The report does not say who
   * submitted what: the router reports that.
   */
  | { kind: 'completed'; report: Query }
  /** Not the end of a query, or a probe of the monitor: nothing to store. */
  | { kind: 'passed over' }
  | { kind: 'malformed'; problem: string };

/** The members that are read of an event; plans and statistics of operators, which are most of it, are not. */
export const READ_MEMBERS = {
  metadata: { queryId: true, queryState: true },
  context: { source: true, queryType: true },
  statistics: { outputRows: true, writtenRows: true },
  failureInfo: { errorCode: true, failureType: true, failureMessage: true },
  createTime: true,
  executionStartTime: true,
  endTime: true,
  taskId: true,
} as const satisfies Members;

const LONGEST_NAME = 128;
const LONGEST_MESSAGE = 10_000;

type Fields = Record<string, unknown>;

/** Reads what history needs of an event, given as parsed JSON. */
export function readEvent(event: unknown): EventReading {
  const { metadata, context, failureInfo, statistics, taskId, ...times } = fieldsOf(event);
  const { createTime, executionStartTime, endTime } = times;
  if (metadata === undefined && taskId !== undefined) return { kind: 'passed over' }; // a split, of older versions
  const { queryId, queryState } = fieldsOf(metadata);
  if (typeof queryId !== 'string' || parseQueryId(queryId) === undefined || isTemporaryQueryId(queryId))
    return malformed('metadata.queryId', 'a query id of Trino', queryId);
  if (endTime === undefined && statistics === undefined) return { kind: 'passed over' };
  const { source, queryType } = fieldsOf(context);
  if (source === PROBE_SOURCE) return { kind: 'passed over' };
  if (queryState !== 'FINISHED' && queryState !== 'FAILED')
    return malformed('metadata.queryState', 'FINISHED or FAILED', queryState);
  const endedAt = timeOf(endTime);
  if (endedAt === undefined) return malformed('endTime', 'a time such as 2026-11-21T08:08:08.123Z', endTime);
  const submittedAt = timeOf(createTime);
  const startedAt = startOf(executionStartTime, endedAt, queryState);
  const rows = rowsOf(fieldsOf(statistics), queryType);
  const error = queryState === 'FAILED' ? errorOf(fieldsOf(failureInfo)) : undefined;
  const report = create(QuerySchema, {
    id: queryId,
    trinoQueryId: queryId,
    state: queryState === 'FAILED' ? Query_State.FAILED : Query_State.FINISHED,
    endedAt,
    ...(submittedAt && { submittedAt }),
    ...(startedAt && { startedAt }),
    ...(rows !== undefined && { rows }),
    ...(error && { error }),
  });
  return { kind: 'completed', report };
}

/** For a query that failed before it ran, Trino gives the end as the start. */
function startOf(time: unknown, endedAt: Timestamp, state: 'FINISHED' | 'FAILED'): Timestamp | undefined {
  const startedAt = timeOf(time);
  if (startedAt === undefined || state === 'FINISHED') return startedAt;
  return timestampMs(startedAt) < timestampMs(endedAt) ? startedAt : undefined;
}

/** The rows of a statement, as users see them: those it returned, or wrote when all it returned was their number. */
function rowsOf({ outputRows, writtenRows }: Fields, queryType: unknown): bigint | undefined {
  switch (queryType) {
    case 'INSERT': // CREATE TABLE AS, too
      return countOf(writtenRows);
    case 'UPDATE':
    case 'DELETE':
    case 'MERGE':
      return countOf(writtenRows) || undefined; // not every connector counts them: zero means unknown
    default:
      return countOf(outputRows);
  }
}

function countOf(value: unknown): bigint | undefined {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 ? BigInt(value) : undefined;
}

/** Name, code and message, without the stacks beside them. */
function errorOf({ errorCode, failureType, failureMessage }: Fields): Query_Error | undefined {
  const { name, code } = fieldsOf(errorCode);
  if (typeof name !== 'string') return undefined;
  const message = typeof failureMessage === 'string' ? failureMessage : failureType;
  return create(Query_ErrorSchema, {
    name: name.slice(0, LONGEST_NAME),
    code: typeof code === 'number' && Number.isInteger(code) && Math.abs(code) < 2 ** 31 ? code : 0,
    message: typeof message === 'string' ? message.slice(0, LONGEST_MESSAGE).toWellFormed() : '',
  });
}

function timeOf(text: unknown): Timestamp | undefined {
  const ms = typeof text === 'string' ? Date.parse(text) : Number.NaN;
  return ms >= 0 && ms <= LATEST_MS ? timestampFromMs(ms) : undefined;
}

function fieldsOf(value: unknown): Fields {
  return typeof value === 'object' && value !== null ? (value as Fields) : {};
}

function malformed(field: string, expected: string, got: unknown): EventReading {
  const shown = got === undefined ? 'nothing' : (JSON.stringify(got)?.slice(0, 80) ?? 'nothing');
  return { kind: 'malformed', problem: `${field}: expected ${expected}, got ${shown}` };
}
