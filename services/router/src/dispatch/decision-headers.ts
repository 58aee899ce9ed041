import type { RouterConfig } from '@trino-gateway/config';
import type { Placement } from './submission.ts';

/** The header lines that tell a client how its statement was routed, where `router.explain_headers` asks for them. */
export function decisionHeaders(
  { explain_headers }: Pick<RouterConfig, 'explain_headers'>,
  { backendId, groupId, decidedBy }: Placement,
): string[] {
  if (!explain_headers) return [];
  return [
    'X-Trino-Gateway-Backend',
    backendId,
    'X-Trino-Gateway-Group',
    groupId,
    'X-Trino-Gateway-Decided-By',
    decidedBy,
  ];
}
