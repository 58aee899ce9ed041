import type { IncomingMessage, OutgoingHttpHeaders } from 'node:http';
import { firstHeader, normalizedOrigin, type TrinoRequest } from '@trino-gateway/trino';
import httpProxy from 'http-proxy';
import type { ClusterAnswer } from './ask-cluster.ts';
import type { RoadContext } from './context.ts';
import { answerDelegated, type Delegation } from './delegation.ts';
import type { Exchange } from './exchange.ts';
import type { ForwardingPlan } from './forwarding.ts';
import { answerError } from './http-errors.ts';
import type { Owner } from './ownership.ts';
import { relay } from './relay.ts';

type UiRequest = Extract<TrinoRequest, { kind: 'ui' }>;

/** Passes requests for the web UI through to a cluster, both bodies as streams. */
export type UiForward = (exchange: Exchange, request: UiRequest) => Promise<void>;

const idAnywhere = /(?<![a-z0-9_])\d{8}_\d{6}_\d{5}_[a-z0-9]{5}(?![a-z0-9_])/;

/**
 * The web UI of the cluster that owns a query: by the id in the address, or, for what a page loads, in the address of the page.
 *
 * The proxy library forwards hop-by-hop headers, joins repeated ones and lets a chunked DELETE become a second request, so none of
 * that reaches it: the handler has refused such requests, and it gets headers made here, not the client's.
 */
export function createUiForward(context: RoadContext, delegation: Delegation): UiForward {
  const proxy = httpProxy.createProxyServer({
    selfHandleResponse: true,
    proxyTimeout: context.config.poll_time_limit,
    connectTimeout: context.config.attempt_time_limit,
  });
  const waiting = new WeakMap<IncomingMessage, (answer: IncomingMessage) => void>();
  proxy.on('proxyRes', (answer, request) => waiting.get(request)?.(answer));
  // Only to keep it from being thrown: the client is gone, and its answer with it.
  proxy.on('econnreset', () => {});

  /** Undefined when there is no answer, or nobody who waits for it. */
  const send = (exchange: Exchange, owner: Owner, plan: ForwardingPlan, target: string) =>
    new Promise<ClusterAnswer | undefined>((resolve) => {
      const { request, response } = exchange;
      request.url = target;
      request.headers = headersToSend(exchange, plan) as IncomingMessage['headers'];
      waiting.set(request, (answer) =>
        resolve({
          status: answer.statusCode ?? 0,
          statusMessage: answer.statusMessage ?? '',
          rawHeaders: withOutsideLocation(answer.rawHeaders, plan),
          body: answer,
          owner,
          mode: plan.mode,
          rewrite: undefined,
        }),
      );
      response.once('close', () => resolve(undefined));
      proxy.web(request, response, { target: owner.url }, () => resolve(undefined));
    });

  return async (exchange, { target, queryId }) => {
    const { request, response } = exchange;
    if (await delegation.isRequired(exchange)) {
      answerDelegated(exchange);
      return;
    }
    const owner = ownerOf(context, queryId ?? idAnywhere.exec(firstHeader(request.rawHeaders, 'referer') ?? '')?.[0]);
    if (owner === undefined) {
      answerError(response, 404, explanation(context));
      return;
    }
    const plan = context.forwarding.plan(owner, exchange.client);
    let answer = await send(exchange, owner, plan, target);
    if (answer?.status === 406 && context.forwarding.failed(owner, plan.mode)) {
      // What had a body cannot be repeated, but the next request will be right.
      if (request.method === 'GET' || request.method === 'HEAD') {
        answer.body.destroy();
        answer = await send(exchange, owner, context.forwarding.plan(owner, exchange.client), target);
      }
    }
    if (answer !== undefined) await relay(exchange, answer, { stallTimeMs: context.config.poll_time_limit });
    else answerError(response, 502, `The cluster ${owner.backendId} did not answer`);
  };
}

/** The owner of the query, else the only cluster there is. */
function ownerOf({ ownership }: RoadContext, queryId: string | undefined): Owner | undefined {
  const owners = queryId === undefined ? [] : ownership.owners(queryId);
  const candidates = owners.length > 0 ? owners : ownership.candidates();
  return candidates.length === 1 ? candidates[0] : undefined;
}

function explanation({ link }: RoadContext): string {
  const ids = [...link.backends().keys()].slice(0, 20).join(', ') || 'none';
  return `The gateway serves the web UI of the cluster that runs a query: /ui/query.html?<query id>. For all else use the address of the cluster itself (clusters: ${ids})`;
}

function headersToSend({ request, rawHeaders }: Exchange, plan: ForwardingPlan): OutgoingHttpHeaders {
  const headers: Record<string, string | string[]> = {};
  const lines = [...plan.headers, ...rawHeaders];
  for (let at = 0; at < lines.length; at += 2) {
    const name = (lines[at] ?? '').toLowerCase();
    const value = lines[at + 1] ?? '';
    const before = headers[name];
    headers[name] = before === undefined ? value : [...(typeof before === 'string' ? [before] : before), value];
  }
  const length = firstHeader(request.rawHeaders, 'content-length');
  if (length !== undefined) headers['content-length'] = length;
  else if (firstHeader(request.rawHeaders, 'transfer-encoding') !== undefined) headers['transfer-encoding'] = 'chunked';
  return headers;
}

/** Redirects of a cluster that cannot be told the outside address lead to the cluster itself. */
function withOutsideLocation(rawHeaders: readonly string[], { rewrite }: ForwardingPlan): readonly string[] {
  if (rewrite === undefined) return rawHeaders;
  return rawHeaders.map((text, at) => {
    if (at % 2 === 0 || rawHeaders[at - 1]?.toLowerCase() !== 'location') return text;
    const origin = /^https?:\/\/[^/?#]*/i.exec(text)?.[0] ?? '';
    const isBackend = rewrite.backendOrigins.some((backend) => normalizedOrigin(backend) === normalizedOrigin(origin));
    return isBackend ? rewrite.outsideOrigin + text.slice(origin.length) : text;
  });
}
