import http from 'node:http';
import { connect } from 'node:net';
import type { RouterConfig } from '@trino-gateway/config';
import type { Logger, TlsSettings } from '@trino-gateway/runtime';
import type { ConnectionPool } from '@trino-gateway/wire';
import { LRUCache } from 'lru-cache';
import { sendCarefully } from './careful-client.ts';
import { sendFast } from './fast-client.ts';
import { type Origin, OriginPools, readOrigin } from './origin-pools.ts';
import { POOL } from './pool-limits.ts';
import { ClusterAgent, createTlsAgents } from './tls-agents.ts';
import {
  DiedIdleError,
  timeLeft,
  type UpstreamAnswer,
  UpstreamError,
  type UpstreamRequest,
} from './upstream-answer.ts';

/** Sends all requests to clusters. Follows no redirect and decompresses nothing. */
export type Upstream = Disposable & {
  /**
   * Sends a request; a connection that turns out to have been closed while idle is replaced once.
   * @throws UpstreamError
   */
  send(request: UpstreamRequest): Promise<UpstreamAnswer>;
  /** The kept connections of the fast path to a coordinator; undefined where others are used, or that is not known at once. */
  poolAt(url: string, tls: TlsSettings | undefined): ConnectionPool | undefined;
  /**
   * The agent for a coordinator over TLS, for requests that are sent otherwise.
   * @throws UpstreamError
   */
  agentFor(tls: TlsSettings | undefined): Promise<ClusterAgent>;
};

/** Connections to all clusters, kept alive per origin; those with TLS settings of their own share none with others. */
export function createUpstream(
  config: Pick<RouterConfig, 'connect_time_limit' | 'fast_path'>,
  logger: Pick<Logger, 'info' | 'warn'>,
): Upstream {
  const plain = new http.Agent(POOL);
  const secure = new ClusterAgent();
  const ownSecure = createTlsAgents(logger);
  const pools = new OriginPools(({ host, port }, onread) => connect({ host, port, onread, noDelay: true }));
  const origins = new LRUCache<string, Origin>({ max: 10_000 });

  const originOf = (url: string): Origin => {
    let origin = origins.get(url);
    if (origin === undefined) {
      origin = readOrigin(url);
      origins.set(url, origin);
    }
    return origin;
  };

  const agentFor = async (tls: TlsSettings | undefined): Promise<ClusterAgent> => {
    if (tls === undefined) return secure;
    try {
      return await ownSecure.known(tls);
    } catch (error) {
      throw new UpstreamError('refused', `cannot connect (${(error as Error).message})`, error);
    }
  };

  const once = async (request: UpstreamRequest, headTimeMs: number, fresh: boolean): Promise<UpstreamAnswer> => {
    const origin = originOf(request.url);
    const agent = origin.isSecure ? await agentFor(request.tls) : undefined;
    const { connect_time_limit: connectTimeMs, fast_path: isFast } = config;
    if (!isFast) {
      const times = { connectTimeMs, headTimeMs };
      return await sendCarefully(request, { origin, agent: agent ?? plain, times, fresh });
    }
    const pool = (agent?.pools ?? pools).at(origin, connectTimeMs);
    return await sendFast(request, { pool, headTimeMs, fresh });
  };

  return {
    agentFor,
    poolAt(url, tls) {
      const origin = originOf(url);
      if (!config.fast_path || (origin.isSecure && tls !== undefined)) return undefined;
      return (origin.isSecure ? secure.pools : pools).at(origin, config.connect_time_limit);
    },
    async send(request) {
      if (request.signal.aborted) throw new UpstreamError('aborted', 'the request was given up');
      const startedAt = performance.now();
      try {
        return await once(request, request.headTimeMs, false);
      } catch (error) {
        if (!(error instanceof DiedIdleError)) throw error;
        return await once(request, timeLeft(request.headTimeMs, startedAt), true);
      }
    },
    [Symbol.dispose]() {
      plain.destroy();
      pools[Symbol.dispose]();
      secure.destroy();
      ownSecure[Symbol.dispose]();
    },
  };
}
