import { credentialsProblem, firstHeader, headerFamily } from '@trino-gateway/trino';
import { type HeaderBlock, headerLines } from '@trino-gateway/wire';
import type { ClusterHeaders } from '../../clusters/ask.ts';
import type { LinkModes } from '../../clusters/link-mode.ts';
import type { GatewayClient } from '../../control-plane/gateway-client.ts';
import type { CarriedSocket } from '../../http/carrier.ts';
import type { ClientView, ReadClientView } from '../../http/client-address.ts';
import { headersForClusters } from '../../http/exchange.ts';
import { hostProblem } from '../../http/request-head.ts';
import { USUAL_HEAD_BYTES } from '../../limits/unfinished-heads.ts';
import type { Coordinator } from '../../stickiness/coordinator.ts';

/** What follows from the header lines that a client repeats on its connection. */
export type KnownRequest = {
  client: ClientView;
  /** The same as `gateway.routingNeeds` has them when it was read. */
  groupHeaders: readonly string[];
  /** What of its headers a cluster may get. */
  rawHeaders: readonly string[];
  hasPassword: boolean;
  /** The lines that one coordinator gets, and what they followed from. */
  sent?: Sent;
};

type Sent = {
  lines: string;
  coordinator: Coordinator;
  modes: number;
  check: unknown;
  backends: unknown;
};

export type KnownRequestsDeps = {
  gateway: Pick<GatewayClient, 'routingNeeds' | 'authentication' | 'backends'>;
  clientView: ReadClientView;
  linkModes: Pick<LinkModes, 'plan' | 'version'>;
  clusterHeaders: ClusterHeaders;
};

/** Requests whose headers need no judgement, each block of lines read once. */
export type KnownRequests = {
  /** Undefined: these headers are to be looked at with care. */
  read(block: HeaderBlock, socket: CarriedSocket, listeningPort: number): KnownRequest | undefined;
  /** The header lines for this coordinator; undefined where its pages must be changed. */
  linesFor(request: KnownRequest, coordinator: Coordinator, listeningPort: number): string | undefined;
};

const NO_HEADERS: readonly string[] = [];

/** Nothing is known yet. */
export function createKnownRequests(deps: KnownRequestsDeps): KnownRequests {
  const { gateway, linkModes, clusterHeaders } = deps;
  // A block is of one connection, so what is known of it holds for that connection's addresses too.
  const known = new WeakMap<HeaderBlock, KnownRequest | 'unusual'>();
  return {
    read: (block, socket, listeningPort) => {
      const groupHeaders = gateway.routingNeeds()?.groupHeaders ?? NO_HEADERS;
      const before = known.get(block);
      if (before === 'unusual') return undefined;
      if (before !== undefined && before.groupHeaders === groupHeaders) return before;
      const request = readRequest(deps, block, { socket, listeningPort, groupHeaders });
      known.set(block, request ?? 'unusual');
      return request;
    },
    linesFor: (request, coordinator, listeningPort) => {
      const { sent, client, hasPassword, rawHeaders } = request;
      const check = hasPassword ? gateway.authentication() : undefined;
      const backends = hasPassword ? gateway.backends() : undefined;
      const modes = linkModes.version;
      if (
        sent?.coordinator === coordinator &&
        sent.modes === modes &&
        sent.check === check &&
        sent.backends === backends
      )
        return sent.lines;
      const { headers, rewrite } = linkModes.plan(coordinator, client);
      if (rewrite !== undefined) return undefined;
      const own = clusterHeaders({ listeningPort, client }, coordinator, rawHeaders);
      const lines = headerLines([...headers, ...own]);
      request.sent = { lines, coordinator, modes, check, backends };
      return lines;
    },
  };
}

type Where = { socket: CarriedSocket; listeningPort: number; groupHeaders: readonly string[] };

function readRequest(
  { clientView }: Pick<KnownRequestsDeps, 'clientView'>,
  { rawHeaders, keepsAlive, contentLength }: HeaderBlock,
  { socket, listeningPort, groupHeaders }: Where,
): KnownRequest | undefined {
  if (!keepsAlive || contentLength !== undefined || headerFamily(rawHeaders) === 'presto') return undefined;
  if (headerFamily(rawHeaders) === 'both' || credentialsProblem(rawHeaders) !== undefined) return undefined;
  if (hostProblem(rawHeaders) !== undefined || lengthOf(rawHeaders) > USUAL_HEAD_BYTES) return undefined;
  const { remoteAddress, localAddress, encrypted } = socket;
  const client = clientView({ remoteAddress, localAddress, listeningPort, encrypted }, rawHeaders);
  if ('problem' in client || client.prefix !== '') return undefined;
  return {
    client,
    groupHeaders,
    rawHeaders: headersForClusters(rawHeaders, false, groupHeaders),
    hasPassword: firstHeader(rawHeaders, 'authorization') !== undefined,
  };
}

function lengthOf(rawHeaders: readonly string[]): number {
  let length = 0;
  for (const text of rawHeaders) length += text.length;
  return length;
}
