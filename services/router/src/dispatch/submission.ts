import { randomUUID } from 'node:crypto';
import { create, type MessageInitShape } from '@bufbuild/protobuf';
import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import { type Decision, type Query, Query_State, QuerySchema } from '@trino-gateway/api/gateway';
import { LONGEST_QUERY_TEXT } from '@trino-gateway/api/limits';
import { clientTags, querySource, sessionUser } from '@trino-gateway/trino';
import type { Exchange } from '../http/exchange.ts';
import { requestFacts } from './request-facts.ts';

/** A statement on its way to a cluster. */
export type Submission = {
  /** The gateway's own: a repeated Route call for it gets the same answer. */
  id: string;
  exchange: Exchange;
  /** As the client sent it: not necessarily UTF-8. */
  body: Buffer;
  /** The body read as UTF-8. */
  statement: string;
  /** Empty when the client names nobody: the cluster says then what it thinks of that. */
  user: string;
  /** Epoch milliseconds. */
  submittedAt: number;
};

/** Which cluster got a statement and why, for answer headers and history. */
export type Placement = Pick<Decision, 'backendId' | 'groupId' | 'decidedBy'> & RoutingTrace;

/** What history keeps of the routing chain; absent for statements that it does not decide. */
export type RoutingTrace = Partial<Pick<Decision, 'stepId' | 'ruleId' | 'observed'>>;

/** The part of a placement that history keeps. */
export function historyPlacement({ backendId, groupId, decidedBy, ...trace }: Placement): Placement {
  return { backendId, groupId, decidedBy, ...traceOf(trace) };
}

export function traceOf({ stepId, ruleId, observed }: RoutingTrace): RoutingTrace {
  return {
    ...(stepId && { stepId }),
    ...(ruleId && { ruleId }),
    ...(observed && observed.length > 0 && { observed }),
  };
}

/** A statement as it came in; `submittedAt` in epoch milliseconds. */
export function openSubmission(exchange: Exchange, body: Buffer, submittedAt: number): Submission {
  return {
    id: randomUUID(),
    exchange,
    body,
    statement: body.toString(),
    user: sessionUser(exchange.rawHeaders) ?? '',
    submittedAt,
  };
}

/** The record of a statement for history; `fields` say how it began or why it was refused. */
export function historyOf(
  submission: Submission,
  sentHeaders: readonly string[],
  fields: MessageInitShape<typeof QuerySchema>,
): Query {
  const { exchange, statement, user, submittedAt } = submission;
  return create(QuerySchema, {
    text: statement.length > LONGEST_QUERY_TEXT ? statement.slice(0, LONGEST_QUERY_TEXT).toWellFormed() : statement,
    user,
    source: querySource(sentHeaders) ?? '',
    clientTags: clientTags(sentHeaders),
    clientIp: exchange.client.ip,
    state: Query_State.QUEUED,
    submittedAt: timestampFromMs(submittedAt),
    request: requestFacts({ ...exchange, host: exchange.client.host }, sentHeaders),
    ...fields,
  });
}
