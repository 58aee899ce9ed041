import { firstHeader, isTemporaryQueryId, queryIdIn, type TrinoRequest } from '@trino-gateway/trino';
import type { RoadContext } from '../dispatch/context.ts';
import {
  requireAuthentication,
  requireAuthenticationAtDoor,
  requireAuthenticationOfGroup,
} from '../dispatch/require-authentication.ts';
import { askRoute } from '../dispatch/route.ts';
import { openSubmission } from '../dispatch/submission.ts';
import { originOf } from '../http/client-address.ts';
import type { Exchange } from '../http/exchange.ts';
import { answerEmpty, answerError } from '../http/responses.ts';
import { findAlias } from '../queue/query-alias.ts';
import { answerWaitingInfo } from '../queue/queued-query-page.ts';
import type { Owner } from '../stickiness/ownership.ts';
import { clearedUiCookie, readUiCookie, uiCookie } from './cookie.ts';
import type { UiForward } from './proxy.ts';

/** A request for the web UI. */
export type UiRequest = Extract<TrinoRequest, { kind: 'ui' }>;

type Found = { owner: Owner; externalUrl: string };

/**
 * The web UI of one of the clusters: of the owner of the query that the address names, or the page the request comes from;
 * else of the cluster this browser is kept at by its cookie; else of the one a query of this client would go to.
 */
export async function ui(
  context: RoadContext,
  forward: UiForward,
  exchange: Exchange,
  { target, queryId }: UiRequest,
): Promise<void> {
  const { config, suspects, now } = context;
  const { request, response, client } = exchange;
  if (config.ui === 'OFF') {
    answerError(response, 404, 'The gateway does not serve the web UI of its clusters (router.ui)');
    return;
  }
  await requireAuthenticationAtDoor(context, exchange);
  if (queryId !== undefined && (await answerTemporary(context, exchange, queryId, target))) return;
  const kept = keptAt(context, exchange);
  const found =
    byQuery(context, queryId) ??
    byQuery(context, queryIdIn(firstHeader(request.rawHeaders, 'referer') ?? '')) ??
    (queryId === undefined ? (kept ?? (await chosen(context, exchange))) : undefined);
  if (found === undefined) {
    if (queryId === undefined) answerError(response, 503, 'No cluster is available whose web UI could be shown');
    else answerError(response, 404, `No cluster is known that ran query ${queryId}`);
    return;
  }
  // A redirect shows an address; whoever is there lets people in or does not. While nobody can say who may see it, it is shown.
  if (config.ui !== 'REDIRECT' || context.link.authentication() !== undefined)
    await requireAuthentication(context, exchange, [found.owner]);
  if (config.ui === 'REDIRECT') {
    answerEmpty(response, 307, ['Location', found.externalUrl + target, 'Cache-Control', 'no-store']);
    return;
  }
  const { backendId } = found.owner;
  const isKept = kept?.owner.backendId === backendId;
  // What the page of another query loads is answered from where that runs, and does not move the browser there.
  const isNew = !isKept && (queryId !== undefined || kept === undefined);
  const cookie = isNew ? cookieFor(context, exchange, found.owner) : [];
  if (await forward(exchange, found.owner, target, cookie)) return;
  suspects.failed(backendId, now());
  const cleared = isKept ? ['Set-Cookie', clearedUiCookie(client.scheme === 'https')] : [];
  answerError(response, 502, `The cluster ${backendId} did not answer`, cleared);
}

/** The page of a statement that waits here; once a cluster has it, the way to its page there. False when there is neither. */
async function answerTemporary(
  context: RoadContext,
  exchange: Exchange,
  queryId: string,
  target: string,
): Promise<boolean> {
  if (!isTemporaryQueryId(queryId)) return false;
  const alias = await findAlias(context, queryId, exchange.signal);
  if (alias === undefined) return false;
  if (alias.case === 'waiting') await requireAuthenticationOfGroup(context, exchange, alias.value.groupId);
  if (alias.case !== 'handedOver') {
    answerWaitingInfo(exchange, queryId, alias);
    return true;
  }
  const { client, response } = exchange;
  const location = `${originOf(client)}${target.replaceAll(queryId, alias.value.trinoQueryId)}`;
  answerEmpty(response, 307, ['Location', location, 'Cache-Control', 'no-store']);
  return true;
}

/** None for a former life of a coordinator: its address is no backend's. */
function cookieFor({ link, now }: RoadContext, { client }: Exchange, { backendId, url }: Owner): string[] {
  const key = link.refusalKey();
  if (key === undefined || link.backends().get(backendId)?.url !== url) return [];
  return ['Set-Cookie', uiCookie(backendId, client.scheme === 'https', { key, nowMs: now() })];
}

function byQuery({ ownership, link }: RoadContext, queryId: string | undefined): Found | undefined {
  if (queryId === undefined) return undefined;
  const owners = ownership.owners(queryId);
  const candidates = owners.length > 0 ? owners : ownership.candidates();
  const [owner] = candidates;
  if (owner === undefined || candidates.length > 1) return undefined;
  const backend = link.backends().get(owner.backendId);
  // A former life of a coordinator is where it always was.
  return { owner, externalUrl: (backend?.url === owner.url && backend.externalUrl) || owner.url };
}

function keptAt({ link, now }: RoadContext, { request }: Exchange): Found | undefined {
  const key = link.refusalKey();
  const backendId = key && readUiCookie(request.rawHeaders, { key, nowMs: now() });
  const backend = link.backends().get(backendId ?? '');
  return backend && foundAt(backend);
}

/** Where a query of this client would go now. */
async function chosen(context: RoadContext, exchange: Exchange): Promise<Found | undefined> {
  const { config, link } = context;
  const submission = openSubmission(exchange, Buffer.alloc(0), context.now());
  const signal = AbortSignal.any([exchange.signal, AbortSignal.timeout(config.submit_time_limit)]);
  try {
    const route = await askRoute(context, submission, [], signal);
    if (typeof route === 'string' || route.decision === undefined) return undefined;
    const backend = route.backend ?? link.backends().get(route.decision.backendId);
    return backend && foundAt(backend);
  } finally {
    link.settle(submission.id);
  }
}

function foundAt(backend: {
  id: string;
  url: string;
  externalUrl: string;
  forwardedHeaders: Owner['forwardedHeaders'];
}): Found {
  const { id, url, externalUrl, forwardedHeaders } = backend;
  return { owner: { backendId: id, url, forwardedHeaders }, externalUrl: externalUrl || url };
}
