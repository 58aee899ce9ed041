import { type LinkRewriterOptions, withoutHeaders } from '@trino-gateway/trino';
import type { ClientView } from '../http/client-address.ts';
import type { Exchange } from '../http/exchange.ts';
import type { Upstream } from '../http/upstream/upstream.ts';
import { type UpstreamAnswer, UpstreamError, type UpstreamRequest } from '../http/upstream/upstream-answer.ts';
import type { Release, RequestLimits } from '../limits/request-limits.ts';
import type { Connections } from '../passive-health/connections.ts';
import type { Coordinator } from '../stickiness/coordinator.ts';
import type { LoginOwners } from '../stickiness/login-owners.ts';
import type { Ownership } from '../stickiness/ownership.ts';
import { withOutsideLinks } from './head-links.ts';
import type { LinkMode, LinkModes } from './link-mode.ts';

/** A client's request, as one coordinator gets it. */
export type ClusterRequest = {
  coordinator: Coordinator;
  method: string;
  path: string;
  body?: Buffer;
  /** Instead of the client's own (`exchange.rawHeaders`). */
  rawHeaders?: readonly string[];
  /** The address that links are to name; default the client's own. */
  client?: ClientView;
  headTimeMs: number;
  /** How long to wait for room among the requests under way there; default not at all. */
  roomTimeMs?: number;
  /** It was sent already, exactly so, and has its room there. */
  underWay?: UnderWay | undefined;
  signal: AbortSignal;
};

/** A request that was sent before it was asked for here. */
export type UnderWay = {
  /** Gives back its room. */
  release: Release;
  /** Its answer. @throws UpstreamError */
  answer(request: UpstreamRequest): Promise<UpstreamAnswer>;
};

/** A coordinator's answer, and what must be done to its links. */
export type ClusterAnswer = UpstreamAnswer & {
  coordinator: Coordinator;
  mode: LinkMode;
  rewrite: LinkRewriterOptions | undefined;
};

/** Trino redirects no client of a statement, and a client that followed would take its credentials along. */
export function isRedirect({ status }: Pick<ClusterAnswer, 'status'>): boolean {
  return status >= 300 && status < 400 && status !== 304;
}

/**
 * Sends a client's request to a coordinator, in the link mode that coordinator needs.
 * @throws UpstreamError
 */
export type AskCluster = (exchange: Exchange, request: ClusterRequest) => Promise<ClusterAnswer>;

/** What of these headers of a client's request a coordinator gets. */
export type ClusterHeaders = (
  exchange: Pick<Exchange, 'user' | 'listeningPort' | 'client'>,
  coordinator: Coordinator,
  rawHeaders: readonly string[],
) => readonly string[];

const acceptEncoding: ReadonlySet<string> = new Set(['accept-encoding']);

export type AskClusterDeps = {
  upstream: Upstream;
  linkModes: LinkModes;
  limits: Pick<RequestLimits, 'ofBackend' | 'waitForBackend'>;
  logins: Pick<LoginOwners, 'mark'>;
  ownership: Pick<Ownership, 'tlsAt'>;
  clusterHeaders: ClusterHeaders;
  connections: Connections;
};

/** Sends every request to a cluster but the web UI's. Each one under way holds a connection: `limits` bounds both. */
export function createAskCluster(deps: AskClusterDeps): AskCluster {
  const { upstream, linkModes, limits, logins, ownership, clusterHeaders, connections } = deps;
  const ask: AskCluster = async (exchange, request) => {
    const { coordinator, client = exchange.client } = request;
    const { mode, headers, rewrite } = linkModes.plan(coordinator, client);
    const own = clusterHeaders(exchange, coordinator, request.rawHeaders ?? exchange.rawHeaders);
    const sent: UpstreamRequest = {
      url: coordinator.url,
      tls: ownership.tlsAt(coordinator),
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
    };
    const answer = await (request.underWay?.answer(sent) ?? upstream.send(sent));
    // What is under way was sent by the plan of its moment: another request may have learnt more since.
    const isOld = request.underWay !== undefined && mode !== 'send';
    // Trino refuses X-Forwarded-* before it looks at anything else: asking again repeats nothing.
    if (answer.status === 406 && (isOld || (mode === 'send' && linkModes.failed(coordinator, mode)))) {
      answer.body.destroy();
      return await ask(exchange, { ...request, underWay: undefined });
    }
    const rawHeaders = withOutsideLinks(answer.rawHeaders, answer.status, {
      ...{ coordinator, client, logins },
      isDirect: client !== exchange.client,
    });
    return { ...answer, rawHeaders, coordinator, mode, rewrite };
  };
  return async (exchange, request) => {
    const release = request.underWay?.release ?? (await roomFor(limits, request));
    if (release === undefined) throw new UpstreamError('busy', 'too many requests are under way there');
    try {
      const answer = await ask(exchange, request);
      connections.reached(request.coordinator);
      // It may have broken off together with its head: then no event tells of that any more.
      if (answer.body.closed) release();
      else answer.body.once('close', release);
      return answer;
    } catch (error) {
      if (isUnconnected(error)) connections.failed(request.coordinator, error.message);
      release();
      throw error;
    }
  };
}

async function roomFor(
  limits: AskClusterDeps['limits'],
  { coordinator: { backendId }, roomTimeMs = 0, signal }: ClusterRequest,
): Promise<Release | undefined> {
  if (roomTimeMs > 0) return await limits.waitForBackend(backendId, roomTimeMs, signal);
  return await limits.ofBackend(backendId);
}

/** Whether there was no connection, or it ended before a byte of an answer. */
function isUnconnected(error: unknown): error is UpstreamError {
  return error instanceof UpstreamError && (error.kind === 'refused' || error.kind === 'reset');
}
