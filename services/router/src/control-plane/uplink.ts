import type { Transport } from '@connectrpc/connect';
import { AdmissionService, RoutingService } from '@trino-gateway/api/gateway';
import type { RouterConfig } from '@trino-gateway/config';
import { createGatewayTransport, multiplexCalls } from '@trino-gateway/runtime';

/** For calls that set no limit of their own. */
const CALL_TIME_LIMIT_MS = 5_000;

/** Connections to the gatewayserver's replicas, and the one stream that carries decisions and admission. Disposal closes both. */
export function openUplink(
  config: Pick<RouterConfig, 'gatewayserver_url' | 'gatewayserver_token'>,
): Transport & Disposable {
  const transport = createGatewayTransport({
    urls: config.gatewayserver_url,
    token: config.gatewayserver_token,
    timeLimitMs: CALL_TIME_LIMIT_MS,
  });
  const carried = carriedOnOneStream(transport);
  return {
    ...carried,
    [Symbol.dispose]: () => {
      carried[Symbol.dispose]();
      transport[Symbol.dispose]();
    },
  };
}

/** What every submission asks goes on one stream; other calls go by themselves. */
export function carriedOnOneStream(transport: Transport): Transport & Disposable {
  const { awaitTurn, attend } = AdmissionService.method;
  return multiplexCalls(transport, [RoutingService, AdmissionService], [awaitTurn, attend]);
}
