import type { RouterConfig } from '@trino-gateway/config';
import { isTemporaryQueryId, type TrinoRequest } from '@trino-gateway/trino';
import {
  type RequireAuthenticationDeps,
  requireAuthentication,
  requireAuthenticationAtEntryPoint,
  requireAuthenticationOfGroup,
} from '../dispatch/require-authentication.ts';
import { outsideUrl } from '../http/client-address.ts';
import type { Exchange } from '../http/exchange.ts';
import { answerEmpty, answerError } from '../http/responses.ts';
import type { PassiveHealth } from '../passive-health/passive-health.ts';
import { type FindAliasDeps, findAlias } from '../queue/query-alias.ts';
import { answerQueuedQueryPage } from '../queue/queued-query-page.ts';
import { clearedUiCookie } from './cookie.ts';
import { clusterKept, type FindClusterDeps, findCluster, type UiCluster } from './find-cluster.ts';
import { type KeepBrowserDeps, keepBrowser } from './keep.ts';
import type { UiProxy } from './proxy.ts';
import {
  answerFragment,
  fragmentPage,
  hasFragmentPages,
  isOldQueryPage,
  mayHaveFragment,
  type QueryPageDeps,
} from './query-page.ts';

export type UiDeps = FindClusterDeps &
  KeepBrowserDeps &
  RequireAuthenticationDeps &
  FindAliasDeps &
  QueryPageDeps & {
    config: Pick<RouterConfig, 'ui'>;
    uiProxy: UiProxy;
    passiveHealth: Pick<PassiveHealth, 'failed'>;
  };

/** A request for the web UI. */
export type UiRequest = Extract<TrinoRequest, { kind: 'ui' }>;

/** The web UI of one of the clusters (`router.ui`): passed through, or as a redirect. */
export async function ui(context: UiDeps, exchange: Exchange, { target, queryId }: UiRequest): Promise<void> {
  const { config, gateway } = context;
  const { response } = exchange;
  if (config.ui === 'OFF') {
    answerError(response, 404, 'The gateway does not serve the web UI of its clusters (router.ui)');
    return;
  }
  await requireAuthenticationAtEntryPoint(context, exchange);
  if (mayHaveFragment(exchange, target)) return answerFragment(exchange);
  if (queryId !== undefined && (await answerTemporary(context, exchange, queryId, target))) return;
  const kept = clusterKept(context, exchange);
  const found = await findCluster(context, exchange, queryId, kept);
  if (found === undefined) {
    if (queryId === undefined) answerError(response, 503, 'No cluster is available whose web UI could be shown');
    else answerError(response, 404, `No cluster is known that ran query ${queryId}`);
    return;
  }
  // A redirect only shows an address, and the cluster there lets people in: it works also while the router cannot know who may see it.
  if (config.ui !== 'REDIRECT' || gateway.authentication() !== undefined)
    await requireAuthentication(context, exchange, [found.coordinator]);
  const isMoved =
    queryId !== undefined && isOldQueryPage(target) && (await hasFragmentPages(context, exchange, found.coordinator));
  const page = isMoved ? fragmentPage(queryId) : target;
  if (config.ui === 'REDIRECT') answerMoved(exchange, found.externalUrl + page);
  else if (isMoved) answerMoved(exchange, outsideUrl(exchange.client) + page);
  else await passThrough(context, exchange, { target, isOfQuery: queryId !== undefined, found, kept });
}

type Shown = { target: string; isOfQuery: boolean; found: UiCluster; kept: UiCluster | undefined };

async function passThrough(
  context: UiDeps,
  exchange: Exchange,
  { target, isOfQuery, found: { coordinator }, kept }: Shown,
): Promise<void> {
  const { backendId } = coordinator;
  const isKept = kept?.coordinator.backendId === backendId;
  // What the page of another query loads comes from where that runs, and does not move the browser there.
  const isNew = !isKept && (isOfQuery || kept === undefined);
  const cookie = isNew ? keepBrowser(context, exchange, coordinator) : [];
  if (await context.uiProxy(exchange, coordinator, target, cookie)) return;
  context.passiveHealth.failed(backendId);
  const cleared = isKept ? ['Set-Cookie', clearedUiCookie(exchange.client)] : [];
  answerError(exchange.response, 502, `The cluster ${backendId} did not answer`, cleared);
}

/** The page of a statement that waits here; once a cluster has it, a redirect to its page there. False when there is neither. */
async function answerTemporary(context: UiDeps, exchange: Exchange, queryId: string, target: string): Promise<boolean> {
  if (!isTemporaryQueryId(queryId)) return false;
  const alias = await findAlias(context, queryId, exchange.signal);
  if (alias === undefined) return false;
  if (alias.case === 'waiting') await requireAuthenticationOfGroup(context, exchange, alias.value.groupId);
  if (alias.case !== 'handedOver') {
    answerQueuedQueryPage(exchange, queryId, alias);
    return true;
  }
  answerMoved(exchange, outsideUrl(exchange.client) + target.replaceAll(queryId, alias.value.trinoQueryId));
  return true;
}

function answerMoved({ response }: Exchange, location: string): void {
  answerEmpty(response, 307, ['Location', location, 'Cache-Control', 'no-store']);
}
