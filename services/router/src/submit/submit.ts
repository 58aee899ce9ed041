import type { RouterConfig } from '@trino-gateway/config';
import { pause } from '@trino-gateway/runtime';
import { literalSelect } from '@trino-gateway/sql/literal-select';
import { cleanReason, headersForClient, relay } from '../clusters/relay.ts';
import type { GatewayClient } from '../control-plane/gateway-client.ts';
import type { Candidate } from '../dispatch/attempt.ts';
import { decisionHeaders } from '../dispatch/decision-headers.ts';
import { withLinksReplaced } from '../dispatch/first-page.ts';
import { type HandOverDeps, recordHandOver } from '../dispatch/hand-over.ts';
import type { FirstPage } from '../dispatch/post-statement.ts';
import {
  type RequireAuthenticationDeps,
  requireAuthenticationAtEntryPoint,
} from '../dispatch/require-authentication.ts';
import type { SubmissionResult } from '../dispatch/results.ts';
import type { Submission } from '../dispatch/submission.ts';
import type { EndChecks } from '../ends/end-checks.ts';
import type { Exchange } from '../http/exchange.ts';
import { AccessDenied, answerError } from '../http/responses.ts';
import { RETRY_AFTER } from '../limits/request-limits.ts';
import { type JoinQueueDeps, joinQueue, type MustWait } from '../queue/enqueue.ts';
import { type BoundStatementDeps, bindingOf } from './bound-statement.ts';
import { type Deadline, startDeadline } from './deadline.ts';
import { type ReadStatementDeps, readStatement } from './read-statement.ts';
import { answerCarriedOut, answerKeepAlive, type RefuseDeps, refuse } from './refuse.ts';
import type { Result } from './result.ts';
import { type SubmitAnywhereDeps, submitAnywhere } from './submit-anywhere.ts';
import { type SubmitBoundDeps, submitBound } from './submit-bound.ts';

const BUSY_TIME_MS = 2_000;
const BUSY_PAUSE_MS = 250;

export type SubmitDeps = RequireAuthenticationDeps &
  ReadStatementDeps &
  RefuseDeps &
  BoundStatementDeps &
  SubmitAnywhereDeps &
  SubmitBoundDeps &
  JoinQueueDeps &
  HandOverDeps & {
    gateway: Pick<GatewayClient, 'settle'>;
    endChecks: Pick<EndChecks, 'killed'>;
    config: Pick<RouterConfig, 'submit_time_limit' | 'poll_time_limit' | 'explain_headers'>;
  };

/** POST /v1/statement: gives a statement to a cluster, and the client that cluster's first page. */
export async function submit(context: SubmitDeps, exchange: Exchange): Promise<void> {
  try {
    // Before anything is read or done for the client.
    await requireAuthenticationAtEntryPoint(context, exchange);
    if (exchange.signal.aborted) return;
    const submission = await readStatement(context, exchange);
    if (submission !== undefined) await submitStatement(context, submission);
  } catch (error) {
    if (error instanceof AccessDenied) context.onSubmission(exchange.listeningPort, '', 'unauthenticated');
    throw error;
  }
}

async function submitStatement(context: SubmitDeps, submission: Submission): Promise<void> {
  const { exchange } = submission;
  const binding = await bindingOf(context, submission);
  if (exchange.signal.aborted) return;
  if (binding.kind === 'refused') {
    refuse(context, submission, binding.refusal);
    return;
  }
  if (binding.kind === 'carriedOut') {
    answerCarriedOut(context, submission);
    return;
  }
  using deadline = startDeadline(context.config.submit_time_limit, exchange.signal);
  try {
    if (binding.kind === 'anywhere') {
      const result = await submitPatiently(context, submission, deadline);
      await conclude(context, submission, result, deadline);
    } else {
      const result = await submitBound(context, submission, binding, deadline);
      await conclude(context, submission, result, deadline, binding.transactionId);
      const { coordinator, killedQueryId: queryId } = binding;
      if (result.kind === 'taken' && queryId !== undefined)
        context.endChecks.killed({ exchange, coordinator, queryId });
    }
  } finally {
    context.gateway.settle(submission.id);
  }
}

/** While all clusters have as much under way as they may, again and again for a while: not all clients repeat a 503. */
async function submitPatiently(context: SubmitDeps, submission: Submission, deadline: Deadline): Promise<Result> {
  const until = deadline.leftMs() - Math.min(BUSY_TIME_MS, deadline.leftMs() / 2);
  for (;;) {
    const result = await submitAnywhere(context, submission, deadline);
    if (result.kind !== 'busy' || deadline.leftMs() <= until) return result;
    await pause(BUSY_PAUSE_MS, deadline.signal);
    if (submission.exchange.signal.aborted) return { kind: 'abandoned' };
  }
}

/** The client gets its answer, and the submission is counted. */
async function conclude(
  context: SubmitDeps,
  submission: Submission,
  result: Result,
  deadline: Deadline,
  transactionId?: string,
): Promise<void> {
  const { exchange } = submission;
  const count = (how: SubmissionResult, groupId = '') => context.onSubmission(exchange.listeningPort, groupId, how);
  switch (result.kind) {
    case 'abandoned':
      count('abandoned');
      return;
    case 'busy':
      count('refused');
      answerError(exchange.response, 503, result.reason, RETRY_AFTER);
      return;
    case 'refused':
      refuse(context, submission, result.refusal, result.placement);
      return;
    case 'mustWait':
      if (result.decision.keepAlive && literalSelect(submission.statement))
        return answerKeepAlive(context, submission, result.decision);
      await enqueue(context, submission, result, deadline);
      return;
    case 'answered': {
      const { placement } = result.candidate;
      count('answered', placement.groupId);
      const extraHeaders = decisionHeaders(context.config, placement);
      await relay(exchange, result.answer, { extraHeaders, stallTimeMs: context.config.poll_time_limit });
      return;
    }
    case 'taken':
      count('handed_over', result.candidate.placement.groupId);
      await handOver(context, submission, result.candidate, result.first, transactionId);
  }
}

async function enqueue(context: SubmitDeps, submission: Submission, wait: MustWait, deadline: Deadline): Promise<void> {
  const { exchange } = submission;
  const refusal = await joinQueue(context, submission, wait, deadline);
  if (refusal !== undefined) {
    refuse(context, submission, refusal, wait.decision);
    return;
  }
  const how = exchange.signal.aborted ? 'abandoned' : 'queued';
  context.onSubmission(exchange.listeningPort, wait.decision.groupId, how);
}

async function handOver(
  context: SubmitDeps,
  submission: Submission,
  candidate: Candidate,
  first: FirstPage,
  transactionId: string | undefined,
): Promise<void> {
  const { exchange } = submission;
  const { response } = exchange;
  if (response.destroyed) return;
  await recordHandOver(context, submission, candidate, first, { transactionId });
  const { answer, bytes } = first;
  const page = answer.rewrite === undefined ? bytes : withLinksReplaced(bytes, answer.rewrite);
  response.writeHead(answer.status, cleanReason(answer.statusMessage), [
    ...headersForClient(exchange, answer.rawHeaders, { bodyChanges: true }),
    'Content-Length',
    String(page.length),
    ...decisionHeaders(context.config, candidate.placement),
  ]);
  response.end(page);
}
