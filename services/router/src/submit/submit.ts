import { Query_State } from '@trino-gateway/api/gateway';
import {
  emptyStatementMessage,
  LinkRewriter,
  parsePageError,
  statementBodyProblem,
  trinoErrors,
} from '@trino-gateway/trino';
import { cleanReason, headersForClient, relay } from '../clusters/relay.ts';
import { endOf } from '../control-plane/query-end.ts';
import type { RoadContext } from '../dispatch/context.ts';
import { explain } from '../dispatch/decision-headers.ts';
import { calledName, errorName, type Refusal, refusalPage } from '../dispatch/refusal.ts';
import { requireAuthenticationAtDoor } from '../dispatch/require-authentication.ts';
import type { SubmissionResult } from '../dispatch/results.ts';
import { historyOf, openSubmission, type Placement, type Submission } from '../dispatch/submission.ts';
import { readRequestBody } from '../http/body.ts';
import { originOf } from '../http/client-address.ts';
import type { Exchange } from '../http/exchange.ts';
import { AccessDenied, answerError, answerPage } from '../http/responses.ts';
import { RETRY_AFTER } from '../limits/request-limits.ts';
import { joinQueue } from '../queue/enqueue.ts';
import { rewritten } from '../queue/sealed-answer.ts';
import { type Deadline, type Placed, place } from './try-clusters.ts';
import { boundTo, placeAtOwner } from './try-owner.ts';

/** POST /v1/statement: gives a statement to a cluster, and the client that cluster's first page. */
export async function submit(context: RoadContext, exchange: Exchange): Promise<void> {
  try {
    // Before anything is read or done for the client.
    await requireAuthenticationAtDoor(context, exchange);
    if (!exchange.signal.aborted) await submitBody(context, exchange);
  } catch (error) {
    if (error instanceof AccessDenied) context.onSubmission(exchange.listeningPort, '', 'unauthenticated');
    throw error;
  }
}

async function submitBody(context: RoadContext, exchange: Exchange): Promise<void> {
  const { request, response } = exchange;
  const { config, link, now } = context;
  const submittedAt = now();
  const body = await readRequestBody(request, config.max_statement_bytes, exchange);
  if (body.kind === 'abandoned') return;
  const problem = statementBodyProblem(request.rawHeaders, body.kind === 'whole' ? body.bytes : Buffer.alloc(0));
  if (problem !== undefined) {
    answerError(response, 415, problem);
    return;
  }
  if (body.kind === 'tooLong') {
    const submission = openSubmission(exchange, Buffer.alloc(0), submittedAt);
    const message = `Query text length exceeds the maximum length of ${config.max_statement_bytes} bytes (router.max_statement_bytes)`;
    // A client that is still sending after all that was thrown away is cut off once it has its answer.
    if (!request.complete) {
      response.shouldKeepAlive = false;
      response.once('finish', () => request.socket.destroySoon());
    }
    refuse(context, submission, { name: 'QUERY_TEXT_TOO_LARGE', message });
    return;
  }
  if (body.bytes.length === 0) {
    answerError(response, 400, emptyStatementMessage);
    return;
  }
  const submission = openSubmission(exchange, body.bytes, submittedAt);
  const bound = await boundTo(context, submission);
  if (exchange.signal.aborted) return;
  if (bound !== undefined && 'refusal' in bound) {
    refuse(context, submission, bound.refusal);
    return;
  }
  const endsAt = performance.now() + config.submit_time_limit;
  const giveUp = new AbortController();
  const timer = setTimeout(() => giveUp.abort(), config.submit_time_limit);
  const signal = AbortSignal.any([exchange.signal, giveUp.signal]);
  const deadline = { signal, leftMs: () => endsAt - performance.now() };
  try {
    const placed =
      bound === undefined
        ? await place(context, submission, deadline)
        : await placeAtOwner(context, submission, bound, deadline);
    await conclude(context, submission, placed, deadline, bound?.transactionId);
  } finally {
    clearTimeout(timer);
    link.settle(submission.id);
  }
}

async function conclude(
  context: RoadContext,
  submission: Submission,
  placed: Placed,
  deadline: Deadline,
  transactionId: string | undefined,
): Promise<void> {
  const { exchange } = submission;
  const count = (result: SubmissionResult, groupId = '') =>
    context.onSubmission(exchange.listeningPort, groupId, result);
  if (placed.kind === 'abandoned') {
    count('abandoned');
    return;
  }
  if (placed.kind === 'busy') {
    count('refused');
    answerError(exchange.response, 503, placed.reason, RETRY_AFTER);
    return;
  }
  if (placed.kind === 'waits') {
    const { decision } = placed;
    const refusal = await joinQueue(context, submission, placed, deadline);
    if (refusal !== undefined) refuse(context, submission, refusal, decision);
    else count(exchange.signal.aborted ? 'abandoned' : 'queued', decision.groupId);
    return;
  }
  if (placed.kind === 'refused') {
    refuse(context, submission, placed.refusal, placed.placement);
    return;
  }
  if (placed.outcome.kind === 'answered') {
    count('answered', placed.placement.groupId);
    await relay(exchange, placed.outcome.answer, {
      extraHeaders: explain(context, placed.placement),
      stallTimeMs: context.config.poll_time_limit,
    });
    return;
  }
  count('handed_over', placed.placement.groupId);
  await handOver(context, submission, { ...placed, outcome: placed.outcome }, transactionId);
}

type Taken = Extract<Placed, { kind: 'placed' }> & {
  outcome: Extract<Extract<Placed, { kind: 'placed' }>['outcome'], { kind: 'taken' }>;
};

/** From here on the query belongs to this coordinator: what its id says is known before the client has it. */
async function handOver(
  context: RoadContext,
  submission: Submission,
  { outcome, owner, placement, sentHeaders, isDirect }: Taken,
  transactionId: string | undefined,
): Promise<void> {
  const { exchange } = submission;
  const { answer, bytes, page } = outcome;
  const id = page.id ?? '';
  const { response } = exchange;
  if (response.destroyed) return;
  if (transactionId !== undefined) context.transactions.joined(id, transactionId);
  await context.transactions.observe(id, answer.rawHeaders, owner);
  const query = historyOf(submission, sentHeaders, {
    id,
    trinoQueryId: id,
    backendId: placement.backendId,
    groupId: placement.groupId,
    decidedBy: placement.decidedBy,
  });
  if (isDirect) context.live.departed(query);
  else context.live.started(query);
  if (context.logger.level === 'debug') {
    const { backendId: backend, groupId: group, decidedBy } = placement;
    const tookMs = context.now() - submission.submittedAt;
    const fields = { requestId: submission.id, query: id, backend, group, decidedBy, tookMs };
    context.logger.debug('a query was handed over', fields);
  }
  if (page.nextUri === undefined)
    context.live.ended(id, endOf({ state: page.state, error: parsePageError(page.error) }));
  const plain = answer.rewrite === undefined ? bytes : rewritten(bytes, new LinkRewriter(answer.rewrite));
  response.writeHead(answer.status, cleanReason(answer.statusMessage), [
    ...headersForClient(exchange, answer.rawHeaders, { bodyChanges: true }),
    'Content-Length',
    String(plain.length),
    ...explain(context, placement),
  ]);
  response.end(plain);
}

/** Tells the client as Trino fails a query, or ends a CALL: a QUEUED page now, the rest at its first poll. */
export function refuse(context: RoadContext, submission: Submission, refusal: Refusal, placement?: Placement): void {
  const { exchange } = submission;
  const { response, client } = exchange;
  const isDone = refusal.name === calledName;
  context.onSubmission(exchange.listeningPort, placement?.groupId ?? '', isDone ? 'carried_out' : 'refused');
  if (response.destroyed) return;
  const key = context.link.refusalKey();
  if (key === undefined) {
    answerError(response, 503, refusal.message);
    return;
  }
  const nowMs = context.now();
  const queryId = context.temporaryId(nowMs);
  const origin = originOf(client);
  const name = errorName(refusal.name);
  const page = refusalPage({ refusal, key, origin, queryId, nowMs });
  const end: Parameters<typeof historyOf>[2] = isDone
    ? { state: Query_State.FINISHED }
    : {
        state: Query_State.FAILED,
        error: { name, code: trinoErrors[name].code, message: refusal.message },
      };
  context.live.started(
    historyOf(submission, exchange.rawHeaders, {
      id: queryId,
      ...end,
      backendId: placement?.backendId ?? '',
      groupId: placement?.groupId ?? '',
      decidedBy: placement?.decidedBy ?? '',
    }),
  );
  answerPage(response, page);
}
