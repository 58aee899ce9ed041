import diagnostics from 'node:diagnostics_channel';
import { TLSSocket } from 'node:tls';
import type { Backend } from '@trino-gateway/api/gateway';
import type { CertificateExpiry } from '@trino-gateway/runtime';

/** Tells of the certificates that clusters show when the monitor connects to them, each probe anew. Disposal ends that. */
export type ShownCertificates = Disposable & {
  /** Replaces the list; what those showed that are gone is forgotten. */
  setBackends(backends: readonly Pick<Backend, 'id' | 'url' | 'tls'>[]): void;
};

/** Where undici tells of each new connection (docs/api/DiagnosticsChannel.md of undici); one that is not verified is none. */
const CONNECTED = 'undici:client:connected';
type Connected = { connectParams: { host: string; protocol: string }; socket: unknown };

/** No backend yet. Backends at one address are one cluster, unless they ask it for different names. */
export function followShownCertificates(expiry: Pick<CertificateExpiry, 'inForce' | 'forget'>): ShownCertificates {
  let byHost = new Map<string, { id: string; serverName: string }[]>();
  let known = new Set<string>();
  const onConnected = (message: unknown) => {
    const { connectParams, socket } = message as Connected;
    const backends = connectParams.protocol === 'https:' ? byHost.get(connectParams.host) : undefined;
    if (backends === undefined || !(socket instanceof TLSSocket)) return;
    const certificate = socket.getPeerX509Certificate();
    if (certificate === undefined) return;
    const { servername } = socket as { servername?: unknown };
    for (const { id, serverName } of backends)
      if (serverName === '' || serverName === servername) expiry.inForce(id, [certificate]);
  };
  diagnostics.subscribe(CONNECTED, onConnected);
  return {
    setBackends: (backends) => {
      const secured = backends.filter(({ url }) => url.startsWith('https:'));
      byHost = Map.groupBy(
        secured.map(({ id, url, tls }) => ({ id, serverName: tls?.serverName ?? '', host: new URL(url).host })),
        ({ host }) => host,
      );
      const now = new Set(secured.map(({ id }) => id));
      for (const id of known) if (!now.has(id)) expiry.forget(id);
      known = now;
    },
    [Symbol.dispose]: () => void diagnostics.unsubscribe(CONNECTED, onConnected),
  };
}
