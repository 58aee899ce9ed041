import type { ClientRequestArgs } from 'node:http';
import https from 'node:https';
import { isIP } from 'node:net';
import type { SecureContext } from 'node:tls';
import { createTlsPools, type Logger, logTlsProblems, type TlsPools } from '@trino-gateway/runtime';

/**
 * How many connections to clusters stay open, and how long. Trino closes idle ones after 200 s; the router must do so before,
 * or a request may meet a connection that is being closed.
 */
export const POOL = { keepAlive: true, maxFreeSockets: 256, timeout: 60_000 } as const;

type Connecting = ClientRequestArgs & { servername?: string };

/** Connections to clusters over TLS. The certificate must be for the cluster's name, never for the `Host` that a client sent. */
export class ClusterAgent extends https.Agent {
  /** For a connection outside of the agent. */
  readonly tlsOptions: { secureContext?: SecureContext };
  readonly #serverName: string;

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
      for (const sockets of Object.values(agent.freeSockets)) for (const socket of sockets ?? []) socket.destroy();
    },
    onProblem: logTlsProblems(logger),
  });
}
