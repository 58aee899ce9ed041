import type { GatewayClient } from '../control-plane/gateway-client.ts';
import type { Exchange } from '../http/exchange.ts';
import type { Coordinator } from '../stickiness/coordinator.ts';
import { uiCookie } from './cookie.ts';

export type KeepBrowserDeps = {
  gateway: Pick<GatewayClient, 'backends' | 'signingKey'>;
  now: () => number;
};

/** Header lines that keep a browser at a cluster. None for a former incarnation of a coordinator: its address is no backend's. */
export function keepBrowser(
  { gateway, now }: KeepBrowserDeps,
  { client }: Pick<Exchange, 'client'>,
  { backendId, url }: Coordinator,
): string[] {
  const key = gateway.signingKey();
  if (key === undefined || gateway.backends().get(backendId)?.url !== url) return [];
  return ['Set-Cookie', uiCookie(backendId, client, { key, nowMs: now() })];
}
