import { create } from '@bufbuild/protobuf';
import { timestampFromMs, timestampMs } from '@bufbuild/protobuf/wkt';
import {
  type Query,
  Query_ErrorSchema,
  type Query_RequestFacts,
  Query_RequestFactsSchema,
  Query_State,
  QuerySchema,
} from '@trino-gateway/api/gateway';
import { LONGEST_QUERY_TEXT } from '@trino-gateway/api/limits';
import { LATEST_MS } from '../../contract/queries.ts';
import { storedText } from '../../contract/stored-text.ts';
import { LENGTHS } from '../../schema/columns.ts';
import type { QueryRow } from '../../schema/queries.ts';
import { fromDocument, toDocument } from '../documents.ts';

/**
 * How far along a state is: of two reports the further one holds, whichever comes first. UNKNOWN is a guess that a final
 * state corrects. A failure has an error to show, so it beats a success when reports contradict each other.
 */
const FURTHEST_LAST: readonly Query_State[] = [
  Query_State.STATE_UNSPECIFIED,
  Query_State.QUEUED,
  Query_State.RUNNING,
  Query_State.UNKNOWN,
  Query_State.FINISHED,
  Query_State.FAILED,
];

/** The number that stands for a state in `queries.state`. */
export function storedState(state: Query_State): number {
  return Math.max(0, FURTHEST_LAST.indexOf(state));
}

/** A report as a row of its own, to be merged with what is stored under its id. */
export function toRow(query: Query, now: number): QueryRow {
  const ms = (time: Query['endedAt']) => (time === undefined ? null : Math.min(timestampMs(time), LATEST_MS));
  const reported = { startedAt: ms(query.startedAt), endedAt: ms(query.endedAt) };
  // Every row has a place in the order. Without a reported submission it is the first known time, which is never before
  // the submission: the earliest wins when that report comes after all.
  const submittedAt = ms(query.submittedAt) ?? reported.startedAt ?? reported.endedAt ?? now;
  const { startedAt, endedAt } = inOrder({ submittedAt, ...reported });
  const state = storedState(query.state);
  return {
    id: storedText(query.id, LENGTHS.id),
    trinoQueryId: storedText(query.trinoQueryId, LENGTHS.id),
    text: storedText(query.text),
    user: storedText(query.user, LENGTHS.name),
    source: storedText(query.source, LENGTHS.name),
    clientTags: storedList(query.clientTags),
    clientIp: storedText(query.clientIp, LENGTHS.address),
    groupId: storedText(query.groupId, LENGTHS.id),
    backendId: storedText(query.backendId, LENGTHS.id),
    decidedBy: storedText(query.decidedBy, LENGTHS.name),
    state,
    submittedAt,
    queuedMs: Math.max(0, query.queuedMs),
    startedAt,
    endedAt,
    endedState: endedAt === null ? 0 : state,
    rows: query.rows === undefined ? null : Math.min(Number(query.rows), Number.MAX_SAFE_INTEGER),
    error: query.error === undefined ? '' : toDocument(Query_ErrorSchema, query.error),
    stepId: storedText(query.stepId, LENGTHS.id) || null,
    ruleId: storedText(query.ruleId, LENGTHS.id) || null,
    observed: storedList(query.observed) || null,
    request: query.request === undefined ? null : storedFacts(query.request),
  };
}

const MOST_BYTES_OF_FACTS = 2_048;

/** Bounded: what may be long is left out where a report is longer than routers make them. */
function storedFacts(facts: Query_RequestFacts): string {
  const whole = storedText(toDocument(Query_RequestFactsSchema, facts));
  if (Buffer.byteLength(whole) <= MOST_BYTES_OF_FACTS) return whole;
  const { listeningPort } = facts;
  return toDocument(Query_RequestFactsSchema, create(Query_RequestFactsSchema, { listeningPort, cut: true }));
}

/** As JSON, empty text for none. What is beyond the limit of a text is left out whole, so that the rest stays readable. */
function storedList(texts: readonly string[]): string {
  let room = LONGEST_QUERY_TEXT;
  const kept: string[] = [];
  for (const text of texts) {
    room -= JSON.stringify(text).length + 1;
    if (room > 0) kept.push(text);
  }
  return kept.length === 0 ? '' : JSON.stringify(kept);
}

/**
 * Its times in order: those of a query come from the clocks of several routers and of its cluster, and the submission is the one that
 * all agree on.
 */
function inOrder<Times extends Pick<QueryRow, 'submittedAt' | 'startedAt' | 'endedAt'>>(times: Times): Times {
  const { submittedAt } = times;
  const startedAt = times.startedAt === null ? null : Math.max(times.startedAt, submittedAt);
  const endedAt = times.endedAt === null ? null : Math.max(times.endedAt, startedAt ?? submittedAt);
  return { ...times, startedAt, endedAt };
}

/** What the row says, as a message. */
export function fromRow(stored: QueryRow): Query {
  const row = inOrder(stored);
  return create(QuerySchema, {
    id: row.id,
    trinoQueryId: row.trinoQueryId,
    text: row.text,
    user: row.user,
    source: row.source,
    clientTags: row.clientTags === '' ? [] : JSON.parse(row.clientTags),
    clientIp: row.clientIp,
    groupId: row.groupId,
    backendId: row.backendId,
    decidedBy: row.decidedBy,
    state: FURTHEST_LAST[row.state] ?? Query_State.STATE_UNSPECIFIED,
    submittedAt: timestampFromMs(row.submittedAt),
    queuedMs: row.queuedMs,
    ...(row.startedAt !== null && { startedAt: timestampFromMs(row.startedAt) }),
    ...(row.endedAt !== null && { endedAt: timestampFromMs(row.endedAt) }),
    ...(row.rows !== null && { rows: BigInt(row.rows) }),
    ...(row.error !== '' && { error: fromDocument(Query_ErrorSchema, row.error) }),
    ...(row.stepId !== null && { stepId: row.stepId }),
    ...(row.ruleId !== null && { ruleId: row.ruleId }),
    ...(row.observed !== null && { observed: JSON.parse(row.observed) }),
    ...(row.request !== null && { request: fromDocument(Query_RequestFactsSchema, row.request) }),
  });
}
