import { formatAddress, isLoopback } from '@trino-gateway/runtime/address';
import type { Complain } from './complain.ts';
import type { GatewayserverConfig } from './index.ts';

/**
 * Complains about a gatewayserver that would be open to others than this machine without anybody having said so. That is
 * its own matter: other processes may be started from a file that leaves its token to its environment.
 */
export function complainAboutOpenAccess(
  { listen, admin_token, read_token, allow_open }: GatewayserverConfig,
  complain: Complain,
): void {
  if (admin_token !== undefined) return;
  if (!allow_open && !isLoopback(listen.host))
    complain(
      'listen',
      `expected gatewayserver.admin_token beside it, or gatewayserver.allow_open: true, or an address such as 127.0.0.1:8000, got "${formatAddress(listen)}" without a token`,
    );
  if (read_token !== undefined)
    complain('read_token', 'expected gatewayserver.admin_token beside it, for without that every call is open');
}
