import type { Transport } from '@connectrpc/connect';
import { AdmissionService, RoutingService } from '@trino-gateway/api/gateway';
import type { RouterConfig } from '@trino-gateway/config';
import {
  type CallStreams,
  type CertificateExpiry,
  type Logger,
  multiplexCalls,
  openGatewayTransport,
} from '@trino-gateway/runtime';

/** For calls that set no limit of their own. */
const CALL_TIME_LIMIT_MS = 5_000;

/**
 * Connections to the gatewayserver's replicas, and the one stream that carries decisions and admission. Disposal closes both.
 * @throws Error naming the key and what is wrong with its file
 */
export async function openUplink(
  keys: RouterConfig,
  expiry: CertificateExpiry,
  logger: Logger,
): Promise<Transport & AsyncDisposable> {
  const transport = await openGatewayTransport({
    ...{ section: 'router', keys, timeLimitMs: CALL_TIME_LIMIT_MS, expiry, logger },
  });
  const carried = carriedOnOneStream(transport);
  return {
    unary: carried.unary,
    stream: carried.stream,
    [Symbol.asyncDispose]: async () => {
      carried[Symbol.dispose]();
      await transport[Symbol.asyncDispose]();
    },
  };
}

/** What every submission asks goes on one stream; other calls go by themselves. */
export function carriedOnOneStream(transport: Transport & Partial<CallStreams>): Transport & Disposable {
  const { awaitTurn, attend } = AdmissionService.method;
  return multiplexCalls(transport, [RoutingService, AdmissionService], [awaitTurn, attend]);
}
