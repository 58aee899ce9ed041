import type { RouterConfig } from '@trino-gateway/config';
import { waitInLink } from '@trino-gateway/trino';
import type { ClusterAnswer } from '../clusters/ask.ts';
import { type PageFindings, PageObserver } from '../clusters/page-observer.ts';
import { type RelayOptions, type RelayOutcome, relay } from '../clusters/relay.ts';
import { answerWhole } from '../clusters/whole-answer.ts';
import type { AdmissionClient } from '../control-plane/admission-client.ts';
import type { LiveQueries } from '../control-plane/live-queries.ts';
import { endOf } from '../control-plane/query-end.ts';
import type { EndChecks } from '../ends/end-checks.ts';
import type { Exchange } from '../http/exchange.ts';
import type { ActivatedLeases } from '../leases/activated-leases.ts';
import type { Coordinator } from '../stickiness/coordinator.ts';
import type { Transactions } from '../stickiness/transactions.ts';
import type { Poll } from './request.ts';
import { smallPageWithWait } from './small-page.ts';

export type PassOnDeps = {
  live: Pick<LiveQueries, 'seen' | 'running' | 'ended'>;
  transactions: Pick<Transactions, 'observe'>;
  leases: Pick<ActivatedLeases, 'isLimited' | 'waitBefore' | 'waitedBefore'>;
  gateway: { admission: Pick<AdmissionClient, 'settle'> };
  endChecks: Pick<EndChecks, 'canceled' | 'left'>;
  config: Pick<RouterConfig, 'poll_time_limit'>;
};

/** Streams an answer to the client and records what it says of the query. */
export async function passOn(
  context: PassOnDeps,
  exchange: Exchange,
  request: Poll,
  answer: ClusterAnswer,
): Promise<void> {
  const { live, transactions, config } = context;
  const { queryId } = request;
  const { status, rawHeaders } = answer;
  const isPage = request.kind === 'poll' && request.method === 'GET' && status === 200;
  if (status === 200 || status === 204) live.seen(queryId);
  const opened = isPage ? transactions.observe(queryId, rawHeaders, answer.coordinator) : undefined;
  if (opened !== undefined) await opened;
  const observer = isPage ? new PageObserver(rawHeaders) : undefined;
  const onChunk = observer && ((chunk: Buffer) => observer.push(chunk));
  const outcome = await sendOn(exchange, answer, {
    waitedMs: isPage ? waitOf(context, request) : 0,
    stallTimeMs: config.poll_time_limit,
    ...(onChunk && { onChunk }),
  });
  const left = { exchange, coordinator: answer.coordinator, queryId };
  if (request.kind === 'poll' && request.method === 'DELETE' && status === 204) {
    const isFirst = request.phase === 'queued' && request.token === 1;
    context.endChecks.canceled(left, { target: request.target, isFirst });
  }
  if (observer === undefined) return;
  if (outcome === 'broken') {
    if (exchange.signal.aborted) context.endChecks.left(left, { target: request.target });
    return;
  }
  const findings = observer.end();
  if (findings.last === true) lastPagePassed(context, queryId, answer.coordinator, findings);
  else if (request.kind === 'poll' && request.phase === 'executing') live.running(queryId);
}

/** The query has ended, and its client knows. */
export function lastPagePassed(
  { live, leases, gateway }: Pick<PassOnDeps, 'live' | 'leases' | 'gateway'>,
  queryId: string,
  { backendId }: Coordinator,
  findings: PageFindings,
): void {
  live.ended(queryId, endOf(findings));
  if (leases.isLimited(queryId, [backendId])) gateway.admission.settle(queryId);
}

/** For how long a query waited before its cluster had it: its link says so, or one that was followed here before. */
function waitOf({ leases }: Pick<PassOnDeps, 'leases'>, { target, queryId }: Poll): number {
  const inLink = waitInLink(target);
  if (inLink > 0) leases.waitedBefore(queryId, inLink);
  return inLink || leases.waitBefore(queryId);
}

/** Pages stream through as they are. Only where the query waited are small ones changed: their times hold the wait. */
async function sendOn(
  exchange: Exchange,
  answer: ClusterAnswer,
  { waitedMs, ...options }: RelayOptions & { waitedMs: number },
): Promise<RelayOutcome> {
  const small = waitedMs > 0 ? await smallPageWithWait(answer, waitedMs, options.stallTimeMs) : undefined;
  if (small === undefined) return await relay(exchange, answer, options);
  options.onChunk?.(small.sent);
  answerWhole(exchange, small, []);
  return 'complete';
}
