import { isIP } from 'node:net';
import { connect, type SecureContext, type TLSSocket } from 'node:tls';

export type TlsConnection = {
  url: URL;
  /** By ALPN, the preferred one first. */
  protocols: string[];
  /** Whom is trusted and which certificate is shown; undefined: Node's authorities, and no certificate. */
  secureContext: SecureContext | undefined;
};

/** Connects to the host of a URL. Whatever the environment says the other end is verified, before anything is sent. */
export function connectTls({ url, protocols, secureContext }: TlsConnection): TLSSocket {
  const host = url.hostname.replace(/^\[|\]$/g, '');
  return connect({
    host,
    port: url.port === '' ? 443 : Number(url.port),
    // For an address there is no server name; it is verified as such.
    servername: isIP(host) === 0 ? host : '',
    ALPNProtocols: protocols,
    rejectUnauthorized: true,
    ...(secureContext && { secureContext }),
  });
}
