import { DiscoveredObjectSchema } from '@trino-gateway/api/gateway';
import type { Printable } from '../output/print.ts';

/** How what was found in Kubernetes is listed; a source that cannot be looked at is a row of its own. */
export const discoveredObjectKind: Printable<typeof DiscoveredObjectSchema> = {
  schema: DiscoveredObjectSchema,
  plural: 'objects',
  heads: ['OBJECT', 'BACKEND', 'GROUPS', 'PROBLEM'],
  cells: ({ object, backendId, groupIds, problem }) => [
    object,
    backendId || '-',
    groupIds.join(', ') || '-',
    problem || '-',
  ],
};
