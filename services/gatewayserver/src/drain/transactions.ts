import { CLOCK_MS, type Evidence } from './evidence.ts';
import { routersThatCount } from './routers.ts';
import type { Tie } from './tie.ts';

/**
 * The open transactions of the incarnation. The cluster's own list says which those are. Without it: those that routers have told of,
 * until they have not been used for as long as Trino keeps an idle one (transaction.idle-timeout, as long as its clients' silence).
 */
export function transactionTies(evidence: Evidence): Tie[] {
  const { cluster, incarnation, begunAt, now, clientTimeoutMs } = evidence;
  const used = new Set(routersThatCount(evidence).flatMap(({ told }) => told?.transactionIds ?? []));
  const stored = evidence.transactions.filter(({ coordinatorId }) => ['', incarnation.suffix].includes(coordinatorId));
  const isKnown = cluster?.suffix === incarnation.suffix && cluster.transactions.known && cluster.askedAt >= begunAt;
  const open = new Set<string>();
  let others = 0;
  if (isKnown && cluster.transactions.known) {
    for (const id of cluster.transactions.ids) open.add(id);
    others = cluster.transactions.count - open.size;
    for (const { id, startedAt } of stored) if (startedAt > cluster.askedAt - CLOCK_MS) open.add(id);
  } else {
    for (const id of used) open.add(id);
    for (const { id, startedAt } of stored) if (now - startedAt < clientTimeoutMs) open.add(id);
  }
  const ties: Tie[] = [...open].map((id) => ({ kind: 'TRANSACTION', id }));
  return others > 0 ? [...ties, { kind: 'TRANSACTION', count: others, text: 'and others' }] : ties;
}
