import { CLOCK_MS, type Evidence, type RoutedQuery } from './evidence.ts';
import { routersThatCount } from './routers.ts';
import type { Tie } from './tie.ts';

/** The queries that tie the incarnation, each once. */
export function queryTies(evidence: Evidence): Tie[] {
  const listed = listedQueries(evidence);
  const routed = routedQueries(evidence);
  const ended = new Set(evidence.routers.flatMap(({ told }) => told?.endedQueryIds ?? []));
  const leased = new Map(ofIncarnation(evidence).map((lease) => [lease.queryId, lease]));
  const ties: Tie[] = [];
  for (const id of listed?.ids ?? []) ties.push({ kind: ownerOf(id, routed, leased), id });
  if (listed && listed.count > listed.ids.size)
    ties.push({ kind: 'RUNNING', count: listed.count - listed.ids.size, text: 'and others' });
  for (const query of routed.values())
    if (listed?.ids.has(query.id) !== true && !ended.has(query.id))
      ties.push(...routedTie(query, evidence, listed?.askedAt));
  for (const lease of leased.values()) {
    const { id, queryId, phase, usedAt } = lease;
    const isTold = listed?.ids.has(queryId) === true || routed.has(queryId) || ended.has(queryId);
    if (queryId === '' || isTold || evidence.offered.includes(id)) continue;
    if (phase !== 'RUNNING') ties.push({ kind: 'UNANSWERED', id: queryId, text: 'handed over and not polled' });
    else if (listed === undefined || listed.askedAt < usedAt + CLOCK_MS) ties.push({ kind: 'RUNNING', id: queryId });
  }
  return [...ties, ...countedTies(evidence, routed)];
}

/** What the cluster lists; undefined while that is not known. */
function listedQueries({ cluster, incarnation, begunAt }: Evidence) {
  if (cluster?.queries.known !== true || cluster.suffix !== incarnation.suffix) return undefined;
  // Asked before, it says nothing of those that came since.
  if (cluster.askedAt < begunAt) return undefined;
  const { ids, count } = cluster.queries;
  return { ids: new Set(ids), count, askedAt: cluster.askedAt };
}

/** Of each query, what the router knows that saw it last. */
function routedQueries(evidence: Evidence): Map<string, RoutedQuery> {
  const found = new Map<string, RoutedQuery>();
  for (const { told } of routersThatCount(evidence))
    for (const query of told?.queries ?? []) {
      const other = found.get(query.id);
      const latest = other !== undefined && other.seenAt > query.seenAt ? other : query;
      found.set(query.id, { ...latest, polled: query.polled || other?.polled === true });
    }
  return found;
}

/** Of the cluster's queries, those that nobody here knows are of clients that talk to it themselves. */
function ownerOf(
  id: string,
  routed: ReadonlyMap<string, RoutedQuery>,
  leased: ReadonlyMap<string, unknown>,
): Tie['kind'] {
  const query = routed.get(id);
  if (query === undefined) return leased.has(id) ? 'RUNNING' : 'DIRECT';
  return query.direct ? 'DIRECT' : 'RUNNING';
}

/** The cluster does not list it. */
function routedTie(
  { id, seenAt, polled, direct }: RoutedQuery,
  { now, clientTimeoutMs, endedInHistory }: Evidence,
  askedAt: number | undefined,
): Tie[] {
  // Its client has left for good: Trino has forgotten it, too.
  if (now - seenAt >= clientTimeoutMs) return [];
  if (direct) return endedInHistory.has(id) ? [] : [{ kind: 'DIRECT', id }];
  // Nothing runs before the first poll (QueuedStatementResource): only its client knows of it.
  if (!polled) return [{ kind: 'UNANSWERED', id }];
  const hasEnded = askedAt !== undefined && askedAt >= seenAt + CLOCK_MS;
  return [{ kind: hasEnded ? 'UNFETCHED' : 'RUNNING', id }];
}

/** A router with more queries than it names has others besides. */
function countedTies(evidence: Evidence, routed: ReadonlyMap<string, RoutedQuery>): Tie[] {
  const counted = routersThatCount(evidence).map(({ told }) => (told ? told.live - told.queries.length : 0));
  const most = Math.max(0, ...counted);
  return most === 0 ? [] : [{ kind: 'RUNNING', count: most, text: `beside ${routed.size} that routers name` }];
}

function ofIncarnation({ leases, incarnation }: Evidence) {
  return leases.filter(({ queryId }) => queryId === '' || queryId.endsWith(`_${incarnation.suffix}`));
}

/** Slots that are held by what no cluster has answered yet. */
export function slotTies({ leases, offered }: Evidence): Tie[] {
  const waiting = new Set(offered);
  const unanswered = leases.filter(({ id, queryId }) => queryId === '' && !waiting.has(id)).length;
  return [
    ...(offered.length > 0 ? [{ kind: 'WAITING_HERE', count: offered.length } as const] : []),
    ...(unanswered > 0
      ? [{ kind: 'UNANSWERED', count: unanswered, text: 'statements that hold a slot of it' } as const]
      : []),
  ];
}
