import type { ClientRequestArgs } from 'node:http';
import https from 'node:https';
import { isIP, type Socket } from 'node:net';
import { connect, type SecureContext } from 'node:tls';
import { createTlsPools, type Logger, logTlsProblems, type TlsPools } from '@trino-gateway/runtime';
import { LRUCache } from 'lru-cache';
import { type Origin, OriginPools } from './origin-pools.ts';
import { POOL } from './pool-limits.ts';

type Connecting = ClientRequestArgs & { servername?: string };

const MOST_SESSIONS = 1_000;

/** Connections to clusters over TLS. The certificate must be for the cluster's name, never for the `Host` that a client sent. */
export class ClusterAgent extends https.Agent {
  /** For a connection outside of the agent. */
  readonly tlsOptions: { secureContext?: SecureContext };
  /** The kept connections of the fast path. */
  readonly pools = new OriginPools((origin) => this.#connect(origin));
  readonly #serverName: string;
  readonly #sessions = new LRUCache<string, Buffer>({ max: MOST_SESSIONS });

  /** @param serverName empty: the host that is connected to */
  constructor(tlsOptions: { secureContext?: SecureContext } = {}, serverName = '') {
    super({ ...POOL, ...tlsOptions, rejectUnauthorized: true });
    this.tlsOptions = tlsOptions;
    this.#serverName = serverName;
  }

  /** What the certificate must be for; empty for an address, which is verified as such. */
  serverNameOf(host: string | null | undefined): string {
    if (this.#serverName !== '') return this.#serverName;
    return host && isIP(host) === 0 ? host : '';
  }

  override destroy(): void {
    super.destroy();
    this.pools[Symbol.dispose]();
  }

  /** Continues the last session with that cluster where it may. */
  #connect({ host, port }: Origin): Socket {
    const key = `${host} ${port}`;
    const session = this.#sessions.get(key);
    return connect({
      ...this.tlsOptions,
      ...{ host, port, servername: this.serverNameOf(host), rejectUnauthorized: true, ALPNProtocols: ['http/1.1'] },
      ...(session && { session }),
    })
      .setNoDelay()
      .on('session', (next: Buffer) => void this.#sessions.set(key, next));
  }

  override getName(options: Connecting = {}): string {
    return super.getName({ ...options, servername: this.serverNameOf(options.host) });
  }

  override createConnection(options: Connecting, callback?: Parameters<https.Agent['createConnection']>[1]) {
    return super.createConnection({ ...options, servername: this.serverNameOf(options.host) } as Connecting, callback);
  }
}

/** Agents for clusters with TLS settings of their own: one for each settings, a new one when a file of them was replaced. */
export function createTlsAgents(logger: Pick<Logger, 'info' | 'warn'>): TlsPools<ClusterAgent> {
  return createTlsPools<ClusterAgent>({
    open: ({ secureContext, serverName }) => new ClusterAgent({ secureContext }, serverName),
    retire: (agent) => {
      // Requests under way keep their connections, which close behind them.
      agent.maxFreeSockets = 0;
      agent.pools[Symbol.dispose]();
      for (const sockets of Object.values(agent.freeSockets)) for (const socket of sockets ?? []) socket.destroy();
    },
    onProblem: logTlsProblems(logger),
  });
}
