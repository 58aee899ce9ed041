import type { Transport } from '@connectrpc/connect';
import type { Logger } from '../logging/logger.ts';
import type { CertificateExpiry } from '../tls/certificate-expiry.ts';
import { followTlsClient } from '../tls/tls-client.ts';
import type { CallStreams } from './call-stream.ts';
import { createGatewayTransport } from './gateway-transport.ts';

/** How a process reaches the gatewayserver, by its configuration. */
export type GatewayserverKeys = {
  gatewayserver_url: readonly string[];
  gatewayserver_token?: string | undefined;
  gatewayserver_ca_file?: string | undefined;
  gatewayserver_cert_file?: string | undefined;
  gatewayserver_key_file?: string | undefined;
};

export type OpenGatewayTransportOptions = {
  /** Of the configuration, for messages. */
  section: 'monitor' | 'router';
  keys: GatewayserverKeys;
  /** For calls that set no limit of their own. */
  timeLimitMs: number;
  expiry: Pick<CertificateExpiry, 'inForce'>;
  logger: Logger;
};

/**
 * A transport to the gatewayserver that follows its TLS files. Nothing is connected before the first call.
 * @throws Error naming the key and what is wrong with its file
 */
export async function openGatewayTransport(
  options: OpenGatewayTransportOptions,
): Promise<Transport & CallStreams & AsyncDisposable> {
  const { section, keys, timeLimitMs, expiry, logger } = options;
  const parts = new AsyncDisposableStack();
  const file = (part: 'ca' | 'cert' | 'key') => {
    const path = keys[`gatewayserver_${part}_file`];
    return path === undefined ? {} : { [part]: { field: `${section}.gatewayserver_${part}_file`, path } };
  };
  const files = { ...file('ca'), ...file('cert'), ...file('key') };
  const { secureContext } = parts.use(await followTlsClient(files, { expiry, logger }));
  const transport = parts.use(
    createGatewayTransport({
      urls: keys.gatewayserver_url,
      token: keys.gatewayserver_token,
      timeLimitMs,
      secureContext,
    }),
  );
  return {
    unary: transport.unary,
    stream: transport.stream,
    carry: transport.carry,
    [Symbol.asyncDispose]: () => parts.disposeAsync(),
  };
}
