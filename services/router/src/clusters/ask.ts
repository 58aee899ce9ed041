import { type LinkRewriterOptions, withoutHeaders } from '@trino-gateway/trino';
import type { ClientView } from '../http/client-address.ts';
import type { Exchange } from '../http/exchange.ts';
import { type Upstream, type UpstreamAnswer, UpstreamError } from '../http/http-client.ts';
import type { RequestLimits } from '../limits/request-limits.ts';
import type { Owner } from '../stickiness/ownership.ts';
import type { Forwarding, ForwardingMode } from './link-mode.ts';

/** A client's request, as it is put to one coordinator. */
export type ClusterRequest = {
  owner: Owner;
  method: string;
  path: string;
  body?: Buffer;
  /** Instead of the client's own (`exchange.rawHeaders`). */
  rawHeaders?: readonly string[];
  /** Whose address the links are to name; default the client's own. */
  client?: ClientView;
  headTimeMs: number;
  signal: AbortSignal;
};

/** A coordinator's answer, and what must be done to its links. */
export type ClusterAnswer = UpstreamAnswer & {
  owner: Owner;
  mode: ForwardingMode;
  rewrite: LinkRewriterOptions | undefined;
};

/** A way elsewhere: Trino sends no client of a statement away, and whoever followed it would take their credentials along. */
export function isRedirect({ status }: Pick<ClusterAnswer, 'status'>): boolean {
  return status >= 300 && status < 400 && status !== 304;
}

/**
 * Puts a client's request to a coordinator with what makes it build links to the address the client used.
 * @throws UpstreamError
 */
export type AskCluster = (exchange: Exchange, request: ClusterRequest) => Promise<ClusterAnswer>;

const acceptEncoding: ReadonlySet<string> = new Set(['accept-encoding']);

/** Every request to a cluster but the web UI's goes this way. Each under way holds one connection: `limits` bounds both. */
export function createAskCluster(
  upstream: Upstream,
  forwarding: Forwarding,
  limits: Pick<RequestLimits, 'ofBackend'>,
): AskCluster {
  const ask: AskCluster = async (exchange, request) => {
    const { owner } = request;
    const { mode, headers, rewrite } = forwarding.plan(owner, request.client ?? exchange.client);
    const own = request.rawHeaders ?? exchange.rawHeaders;
    const answer = await upstream.send({
      url: owner.url,
      method: request.method,
      path: request.path,
      rawHeaders: [
        ...headers,
        // Links can only be replaced in plain bytes.
        ...(rewrite === undefined ? own : [...withoutHeaders(own, acceptEncoding), 'Accept-Encoding', 'identity']),
      ],
      ...(request.body === undefined ? {} : { body: request.body }),
      headTimeMs: request.headTimeMs,
      signal: request.signal,
    });
    // Trino refuses X-Forwarded-* before it looks at anything else: asking again repeats nothing.
    if (answer.status === 406 && mode === 'send' && forwarding.failed(owner, mode)) {
      answer.body.destroy();
      return await ask(exchange, request);
    }
    return { ...answer, owner, mode, rewrite };
  };
  return async (exchange, request) => {
    const release = limits.ofBackend(request.owner.backendId);
    if (release === undefined) throw new UpstreamError('busy', 'it has as many requests under way as it may');
    try {
      const answer = await ask(exchange, request);
      // It may have broken off together with its head: then no event tells of that any more.
      if (answer.body.closed) release();
      else answer.body.once('close', release);
      return answer;
    } catch (error) {
      release();
      throw error;
    }
  };
}
