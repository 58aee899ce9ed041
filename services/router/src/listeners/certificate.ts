import type { RouterConfig } from '@trino-gateway/config';
import { type FollowedTlsFiles, followOwnTlsFiles, type followTlsFiles, type Logger } from '@trino-gateway/runtime';

/** The certificate for `router.tls_listen`; undefined without such listeners. @throws Error naming the key and what is wrong with its file */
export async function followCertificate(
  { tls_listen, tls_cert_file, tls_key_file }: RouterConfig,
  expiry: Parameters<typeof followTlsFiles>[1]['expiry'],
  logger: Logger,
): Promise<FollowedTlsFiles | undefined> {
  if (tls_listen === undefined || tls_cert_file === undefined || tls_key_file === undefined) return undefined;
  const cert = { field: 'router.tls_cert_file', path: tls_cert_file };
  const key = { field: 'router.tls_key_file', path: tls_key_file };
  return await followOwnTlsFiles({ cert, key }, { expiry, logger });
}
