import { statementKind, statementSession } from '@trino-gateway/sql';
import { isTemporaryQueryId, querySuffix } from '@trino-gateway/trino';
import type { AskCluster } from '../clusters/ask.ts';
import { askAll } from '../clusters/ask-all.ts';
import type { Refusal } from '../dispatch/refusal.ts';
import {
  type RequireAuthenticationDeps,
  requireAuthentication,
  requireAuthenticationOfGroup,
} from '../dispatch/require-authentication.ts';
import type { Submission } from '../dispatch/submission.ts';
import type { Exchange } from '../http/exchange.ts';
import { type Alias, type FindAliasDeps, type MustBeOwnerDeps, mustBeOwner } from '../queue/query-alias.ts';
import { type CancelByUserDeps, cancelByUser, killedEnd } from '../queue/queued-query.ts';
import type { Coordinator } from '../stickiness/coordinator.ts';
import type { Ownership } from '../stickiness/ownership.ts';

export type KillQueryDeps = RequireAuthenticationDeps &
  FindAliasDeps &
  MustBeOwnerDeps &
  CancelByUserDeps & { ask: AskCluster; ownership: Pick<Ownership, 'owners' | 'candidates'> };

/** What came of killing a statement that waits. */
export type KillOutcome =
  | { kind: 'killed' }
  | { kind: 'handedOver'; trinoQueryId: string }
  | { kind: 'refused'; refusal: Refusal };

/** Kills a statement that waits, as Trino's procedure does (KillQueryProcedure); else why not, or where it is by now. */
export async function killQueued(
  context: RequireAuthenticationDeps & MustBeOwnerDeps & CancelByUserDeps,
  exchange: Exchange,
  alias: Alias,
  { queryId, message }: { queryId: string; message: string | undefined },
): Promise<KillOutcome> {
  if (alias.case === 'waiting') await requireAuthenticationOfGroup(context, exchange, alias.value.groupId);
  await mustBeOwner(context, exchange, alias, 'kill');
  if (alias.case === 'waiting') {
    const outcome = await cancelByUser(context, exchange, queryId, alias.user, killedEnd(message));
    if (outcome.kind === 'ended') return { kind: 'killed' };
    if (outcome.kind === 'handedOver') return outcome;
  }
  const refusal: Refusal = { name: 'NOT_SUPPORTED', message: `Target query is not running: ${queryId}` };
  return { kind: 'refused', refusal };
}

/**
 * A kill with another query id in its place: in its text, or in the prepared statement it comes from. Where the id does not stand in
 * plain text the same call is made anew.
 */
export function withQueryId(
  submission: Submission,
  { from, to }: { from: string; to: string },
  message: string | undefined,
): Submission {
  const { exchange } = submission;
  const text = submission.body.toString('latin1').replaceAll(from, to);
  const rawHeaders = exchange.rawHeaders.map((line, at) =>
    exchange.rawHeaders[at - 1]?.toLowerCase() === 'x-trino-prepared-statement' && at % 2 === 1
      ? line.replaceAll(from, to)
      : line,
  );
  const found = statementKind(Buffer.from(text, 'latin1').toString(), statementSession(rawHeaders));
  const isFound = found.kind === 'killQuery' && found.queryId === to;
  const reason = message === undefined ? '' : `, message => '${message.replaceAll("'", "''")}'`;
  const body = isFound
    ? Buffer.from(text, 'latin1')
    : Buffer.from(`CALL system.runtime.kill_query(query_id => '${to}'${reason})`);
  return { ...submission, exchange: { ...exchange, rawHeaders }, body, statement: body.toString() };
}

/** The coordinator of a query: by the suffix of its id; where that is unknown or shared, all that could own it are asked. */
export async function coordinatorOfQuery(
  context: Pick<KillQueryDeps, 'ownership' | 'ask' | 'gateway' | 'delegation'>,
  exchange: Exchange,
  queryId: string,
): Promise<Coordinator | undefined> {
  const sharing = context.ownership.owners(queryId);
  if (sharing.length === 1) return sharing[0];
  if (querySuffix(queryId) === undefined || isTemporaryQueryId(queryId)) return undefined;
  const asked = sharing.length > 0 ? sharing : context.ownership.candidates();
  await requireAuthentication(context, exchange, asked);
  const path = `/v1/query/${queryId}?pruned=true`;
  const search = await askAll(context, exchange, asked, { method: 'GET', path }, ({ status }) => {
    if (status === 404 || status === 410) return 'notOwned';
    return status === 200 ? 'owned' : 'unclear';
  });
  if (search.kind !== 'found') return undefined;
  search.answer.body.destroy();
  return search.answer.coordinator;
}
