import { constants } from 'node:crypto';
import type { SecureContextOptions } from 'node:tls';
import type { TlsMaterial } from './tls-files.ts';

/**
 * How connections to a port of ours are secured. Ciphers and resumption are as Node has them; the lowest version is so whatever
 * options Node was started with. Nobody needs a second handshake within a connection, which costs a server far more than who asks
 * for it; HTTP/2 forbids it (RFC 9113, 9.2.1).
 */
export function serverContext({ pems }: TlsMaterial): SecureContextOptions {
  return { ...pems, minVersion: 'TLSv1.2', secureOptions: constants.SSL_OP_NO_RENEGOTIATION };
}
