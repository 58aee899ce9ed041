import { Query_State } from '@trino-gateway/api/gateway';
import { trinoErrors } from '@trino-gateway/trino';
import type { GatewayClient } from '../control-plane/gateway-client.ts';
import type { LiveQueries } from '../control-plane/live-queries.ts';
import type { QueryEnd } from '../control-plane/query-end.ts';
import { errorName, type Refusal } from '../dispatch/refusal.ts';
import type { SubmissionResult } from '../dispatch/results.ts';
import { type SignedAnswer, signedAnswerPage } from '../dispatch/signed-answer.ts';
import { historyOf, historyPlacement, type Placement, type Submission } from '../dispatch/submission.ts';
import { outsideUrl } from '../http/client-address.ts';
import { answerError, answerPage } from '../http/responses.ts';
import type { TemporaryIds } from '../queue/temporary-ids.ts';

export type RefuseDeps = {
  gateway: Pick<GatewayClient, 'signingKey'>;
  live: Pick<LiveQueries, 'started'>;
  temporaryId: TemporaryIds;
  now: () => number;
  /** Called when a submission has ended: the port it came in by, the chosen group if any, and how. */
  onSubmission: (listeningPort: number, groupId: string, result: SubmissionResult) => void;
};

const NOWHERE: Placement = { backendId: '', groupId: '', decidedBy: '' };

/** Refuses a statement as Trino fails a query: a QUEUED page now, the error at its first poll. */
export function refuse(context: RefuseDeps, submission: Submission, refusal: Refusal, placement = NOWHERE): void {
  const name = errorName(refusal.name);
  const error = { name, code: trinoErrors[name].code, message: refusal.message };
  context.onSubmission(submission.exchange.listeningPort, placement.groupId, 'refused');
  answerSigned(context, submission, { kind: 'refused', refusal }, { state: Query_State.FAILED, error }, placement);
}

/** Ends a CALL that the gateway itself has carried out, as Trino ends it: a QUEUED page now, the last one at its first poll. */
export function answerCarriedOut(context: RefuseDeps, submission: Submission): void {
  context.onSubmission(submission.exchange.listeningPort, '', 'carried_out');
  answerSigned(context, submission, { kind: 'carriedOut' }, { state: Query_State.FINISHED }, NOWHERE);
}

/** Answers a SELECT of one literal that only keeps a connection alive, as Trino would: no cluster is started for it. */
export function answerKeepAlive(context: RefuseDeps, submission: Submission, placement: Placement): void {
  context.onSubmission(submission.exchange.listeningPort, placement.groupId, 'carried_out');
  const answer = { kind: 'literal', statement: submission.statement } as const;
  answerSigned(context, submission, answer, { state: Query_State.FINISHED }, placement);
}

function answerSigned(
  { gateway, live, temporaryId, now }: RefuseDeps,
  submission: Submission,
  answer: SignedAnswer,
  end: QueryEnd,
  placement: Placement,
): void {
  const { response, client, rawHeaders } = submission.exchange;
  if (response.destroyed) return;
  const key = gateway.signingKey();
  if (key === undefined) {
    answerError(response, 503, answer.kind === 'refused' ? answer.refusal.message : '');
    return;
  }
  const nowMs = now();
  const queryId = temporaryId(nowMs);
  const page = signedAnswerPage({ answer, key, origin: outsideUrl(client), queryId, nowMs });
  live.started(historyOf(submission, rawHeaders, { id: queryId, ...end, ...historyPlacement(placement) }));
  answerPage(response, page);
}
