import type { RoadContext } from './context.ts';
import type { Placement } from './submission.ts';

/** The header lines that say how a statement was placed, where `router.explain_headers` asks for them. */
export function explain({ config }: RoadContext, { backendId, groupId, decidedBy }: Placement): string[] {
  if (!config.explain_headers) return [];
  return [
    'X-Trino-Gateway-Backend',
    backendId,
    'X-Trino-Gateway-Group',
    groupId,
    'X-Trino-Gateway-Decided-By',
    decidedBy,
  ];
}
