import type { RouterConfig } from '@trino-gateway/config';
import type { ClusterAnswer } from '../clusters/ask.ts';
import { PageObserver } from '../clusters/page-observer.ts';
import { relay } from '../clusters/relay.ts';
import type { AdmissionClient } from '../control-plane/admission-client.ts';
import type { LiveQueries } from '../control-plane/live-queries.ts';
import { endOf } from '../control-plane/query-end.ts';
import type { EndChecks } from '../ends/end-checks.ts';
import type { Exchange } from '../http/exchange.ts';
import type { ActivatedLeases } from '../leases/activated-leases.ts';
import type { Transactions } from '../stickiness/transactions.ts';
import type { Poll } from './request.ts';

export type PassOnDeps = {
  live: Pick<LiveQueries, 'seen' | 'running' | 'ended'>;
  transactions: Pick<Transactions, 'observe'>;
  leases: Pick<ActivatedLeases, 'isLimited'>;
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
  const outcome = await relay(exchange, answer, {
    ...(observer === undefined ? {} : { onChunk: (chunk: Buffer) => observer.push(chunk) }),
    stallTimeMs: config.poll_time_limit,
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
  if (findings.last === true) {
    live.ended(queryId, endOf(findings));
    if (context.leases.isLimited(queryId, [answer.coordinator.backendId])) context.gateway.admission.settle(queryId);
  } else if (request.kind === 'poll' && request.phase === 'executing') live.running(queryId);
}
