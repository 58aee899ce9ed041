import { create, type MessageInitShape } from '@bufbuild/protobuf';
import {
  type BackendEvidence,
  type BackendEvidence_FoundSchema,
  BackendEvidenceSchema,
} from '@trino-gateway/api/gateway';
import { coordinatorSuffix, isTransactionId } from '@trino-gateway/trino';
import type { StatementResult } from '@trino-gateway/trino/client';
import { describeQueryError } from '../clusters/describe-failure.ts';

/** What a cluster answered to one question; `problem` says why it did not. */
export type Answer = Pick<StatementResult, 'queryId' | 'rows' | 'error'> | { problem: string };

/** What the cluster answered to both questions, of which the second was sent after the answer to the first. */
export type Answers = {
  /**
   * Rows of id, state, whether it is a query of others, and when this question began (epoch seconds of the cluster), of all queries that
   * are not in a final state.
   */
  queries: Answer;
  /** Rows of id, whether it commits by itself, and since when it is open, of all transactions. */
  transactions: Answer;
};

type Found = Exclude<MessageInitShape<typeof BackendEvidence_FoundSchema>, { $typeName: string }>;
/** What a list says, with all of its rows and the incarnation that answered; or why nothing of it counts. */
type List = { suffix: string; ids: string[]; rows: number } | { problem: string };

const MOST_IDS = 100;

/**
 * What the answers prove. A list counts only when it shows what must be in it: the question itself, which is a query that runs, in a
 * transaction that commits by itself. So an empty answer of something that is no coordinator, or of one whose lists are not the whole
 * truth, is never taken for "nothing".
 */
export function readEvidence(answers: Answers): BackendEvidence {
  const queries = readQueries(answers);
  const transactions = readTransactions(answers.transactions);
  if ('suffix' in queries && 'suffix' in transactions && queries.suffix !== transactions.suffix)
    return unknown('it restarted while it was asked, or is more than one coordinator');
  const coordinatorId = [queries, transactions].flatMap((list) => ('suffix' in list ? [list.suffix] : []))[0] ?? '';
  return create(BackendEvidenceSchema, {
    coordinatorId,
    queries: found(unlessHidden(queries, answers)),
    transactions: found(transactions),
  });
}

/** Nothing is known, for the same reason. */
export function unknown(problem: string): BackendEvidence {
  return create(BackendEvidenceSchema, { queries: { problem }, transactions: { problem } });
}

function found(list: List): Found {
  return 'problem' in list ? list : { count: list.ids.length, ids: list.ids.slice(0, MOST_IDS) };
}

function readQueries({ queries, transactions }: Answers): List {
  const answer = answered(queries);
  if ('problem' in answer) return answer;
  const { suffix, queryId, rows } = answer;
  const own = new Set([queryId, 'queryId' in transactions ? transactions.queryId : queryId]);
  const shown = new Set<string>();
  const ids: string[] = [];
  for (const [id, state, ofOthers] of rows) {
    if (typeof id !== 'string' || typeof state !== 'string' || typeof ofOthers !== 'boolean') return NOT_ITS_ANSWER;
    if (coordinatorSuffix(id) !== suffix) return { problem: 'its list has queries of another incarnation' };
    shown.add(id);
    if (ofOthers && !own.has(id)) ids.push(id);
  }
  if (!shown.has(queryId)) return { problem: 'its list of queries does not show the question itself' };
  return { suffix, ids, rows: rows.length };
}

function readTransactions(transactions: Answer): List {
  const answer = answered(transactions);
  if ('problem' in answer) return answer;
  const { suffix, rows } = answer;
  const ids: string[] = [];
  for (const [id, commitsItself] of rows) {
    if (typeof id !== 'string' || !isTransactionId(id) || typeof commitsItself !== 'boolean') return NOT_ITS_ANSWER;
    if (!commitsItself) ids.push(id);
  }
  if (ids.length === rows.length)
    return { problem: 'its list of transactions does not show that of the question itself' };
  return { suffix, ids, rows: rows.length };
}

const NOT_ITS_ANSWER = { problem: 'it answered with something else than what was asked for' };

/** Times have milliseconds, and are rounded. */
const ROUNDING_S = 0.005;

/**
 * Trino leaves out the queries that its reader may not see, but no transactions. Each statement outside of a transaction of its client
 * has one that commits by itself, and is listed until that is over: those open now that were so before the first question began were
 * in the list, or hidden.
 */
function unlessHidden(queries: List, { queries: first, transactions }: Answers): List {
  if ('problem' in queries || !('rows' in first && 'rows' in transactions)) return queries;
  const began = Number(first.rows[0]?.[3]) - ROUNDING_S;
  const older = transactions.rows.filter(
    ([, commitsItself, since]) => commitsItself === true && !(Number(since) >= began),
  );
  const hidden = older.length - (queries.rows - 1);
  if (hidden <= 0) return queries;
  return { problem: `it runs ${hidden} statements more than it shows to the user of the probe` };
}

function answered(answer: Answer): (Extract<Answer, { rows: unknown }> & { suffix: string }) | { problem: string } {
  if ('problem' in answer) return answer;
  if (answer.error) return { problem: describeQueryError(answer.error) };
  const suffix = coordinatorSuffix(answer.queryId);
  return suffix === undefined ? NOT_ITS_ANSWER : { ...answer, suffix };
}
