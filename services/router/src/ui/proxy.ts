import type { ClientRequest, IncomingMessage, OutgoingHttpHeaders, ServerResponse } from 'node:http';
import type { RouterConfig } from '@trino-gateway/config';
import { firstHeader } from '@trino-gateway/trino';
import httpProxy from 'http-proxy';
import type { ClusterAnswer, ClusterHeaders } from '../clusters/ask.ts';
import { withOutsideLinks } from '../clusters/head-links.ts';
import type { LinkModes, LinkPlan } from '../clusters/link-mode.ts';
import { relay } from '../clusters/relay.ts';
import type { Exchange } from '../http/exchange.ts';
import { TryAgain } from '../http/responses.ts';
import { answerTo } from '../http/upstream/careful-client.ts';
import type { Upstream } from '../http/upstream/upstream.ts';
import type { RequestLimits } from '../limits/request-limits.ts';
import type { Coordinator } from '../stickiness/coordinator.ts';
import type { LoginOwners } from '../stickiness/login-owners.ts';
import type { Ownership } from '../stickiness/ownership.ts';

/**
 * Passes a request for the web UI through to a cluster, both bodies as streams, and adds these lines to the head of the
 * answer. False when the cluster did not answer: then the client has no answer yet.
 */
export type UiProxy = (
  exchange: Exchange,
  coordinator: Coordinator,
  target: string,
  extraHeaders: readonly string[],
) => Promise<boolean>;

export type UiProxyDeps = {
  config: Pick<RouterConfig, 'poll_time_limit' | 'attempt_time_limit' | 'connect_time_limit'>;
  linkModes: Pick<LinkModes, 'plan' | 'failed'>;
  limits: Pick<RequestLimits, 'ofBackend'>;
  logins: Pick<LoginOwners, 'mark'>;
  ownership: Pick<Ownership, 'tlsAt'>;
  agentFor: Upstream['agentFor'];
  clusterHeaders: ClusterHeaders;
};

/**
 * The proxy library forwards hop-by-hop headers, joins repeated ones and lets a chunked DELETE become a second request, so none of
 * that reaches it: the handler has refused such requests, and it gets headers made here, not the client's.
 */
export function createUiProxy(deps: UiProxyDeps): UiProxy {
  const { config, linkModes, limits, logins, ownership, agentFor, clusterHeaders } = deps;
  const proxy = httpProxy.createProxyServer({
    selfHandleResponse: true,
    proxyTimeout: config.poll_time_limit,
    connectTimeout: config.attempt_time_limit,
  });
  const waiting = new WeakMap<IncomingMessage, (outgoing: ClientRequest) => void>();
  proxy.on('proxyReq', (outgoing, request) => waiting.get(request)?.(outgoing));
  // Without a listener it would be thrown; the client has gone, and needs no answer.
  proxy.on('econnreset', () => {});

  /** Undefined when there is no answer, or the client has gone. */
  const send = async (exchange: Exchange, coordinator: Coordinator, plan: LinkPlan, target: string) => {
    const isSecure = coordinator.url.startsWith('https:');
    const agent = isSecure ? await agentFor(ownership.tlsAt(coordinator)).catch(() => null) : undefined;
    if (agent === null) return undefined;
    return await new Promise<ClusterAnswer | undefined>((resolve) => {
      // The only carriers of requests for a web UI are Node's own.
      const request = exchange.request as IncomingMessage;
      const response = exchange.response as ServerResponse;
      request.url = target;
      request.headers = headersToSend(request, [
        ...plan.headers,
        ...clusterHeaders(exchange, coordinator, exchange.rawHeaders),
      ]) as IncomingMessage['headers'];
      let isSent = false;
      const answered = async (outgoing: ClientRequest) => {
        isSent = true;
        try {
          const { connect_time_limit: connectTimeMs, poll_time_limit: headTimeMs } = config;
          const answer = await answerTo(outgoing, { connectTimeMs, headTimeMs }, exchange.signal);
          const links = { coordinator, client: exchange.client, logins, isDirect: false };
          const rawHeaders = withOutsideLinks(answer.rawHeaders, answer.status, links);
          resolve({ ...answer, rawHeaders, coordinator, mode: plan.mode, rewrite: undefined });
        } catch {
          resolve(undefined);
        }
      };
      waiting.set(request, (outgoing) => void answered(outgoing));
      response.once('close', () => resolve(undefined));
      const cluster = { target: coordinator.url, ...(agent ? { agent } : {}) };
      proxy.web(request, response, cluster, () => {
        if (!isSent) resolve(undefined);
      });
    });
  };

  return async (exchange, coordinator, target, extraHeaders) => {
    const { request, response } = exchange;
    // No event would tell of the end of what has ended already.
    if (response.closed) return true;
    const room = limits.ofBackend(coordinator.backendId);
    const release = room instanceof Promise ? await room : room;
    if (release === undefined) throw new TryAgain(`The cluster ${coordinator.backendId} is busy`);
    if (response.closed) {
      release();
      return true;
    }
    response.once('close', release);
    const plan = linkModes.plan(coordinator, exchange.client);
    let answer = await send(exchange, coordinator, plan, target);
    if (answer?.status === 406 && linkModes.failed(coordinator, plan.mode)) {
      // What had a body cannot be repeated, but the next request will be right.
      if (request.method === 'GET' || request.method === 'HEAD') {
        answer.body.destroy();
        answer = await send(exchange, coordinator, linkModes.plan(coordinator, exchange.client), target);
      }
    }
    if (answer === undefined) return exchange.signal.aborted;
    await relay(exchange, answer, { extraHeaders, stallTimeMs: config.poll_time_limit });
    return true;
  };
}

function headersToSend(request: IncomingMessage, lines: readonly string[]): OutgoingHttpHeaders {
  const headers: Record<string, string | string[]> = {};
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
