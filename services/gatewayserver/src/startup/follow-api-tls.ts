import type { GatewayserverConfig } from '@trino-gateway/config';
import {
  type CertificateExpiry,
  createBoundedLines,
  followOwnTlsFiles,
  type ListenTls,
  type Logger,
} from '@trino-gateway/runtime';

/** Anybody can cause them. */
const MOST_FAILURES_PER_SECOND = 1;

type Parts = { logger: Logger; expiry: CertificateExpiry; started: AsyncDisposableStack };

/** How the API speaks TLS; undefined without a certificate. @throws Error naming the key and what is wrong with its file */
export async function followApiTls(
  { tls_cert_file: cert, tls_key_file: key, tls_client_ca_file: ca }: GatewayserverConfig,
  { logger, expiry, started }: Parts,
): Promise<ListenTls | undefined> {
  if (cert === undefined || key === undefined) return undefined;
  const files = {
    cert: { field: 'gatewayserver.tls_cert_file', path: cert },
    key: { field: 'gatewayserver.tls_key_file', path: key },
    ...(ca !== undefined && { ca: { field: 'gatewayserver.tls_client_ca_file', path: ca } }),
  };
  const failed = createBoundedLines(logger, MOST_FAILURES_PER_SECOND);
  return {
    files: started.use(await followOwnTlsFiles(files, { logger, expiry })),
    onFailure: (why) => failed('a TLS handshake failed', { why }),
  };
}
