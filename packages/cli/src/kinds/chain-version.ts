import { timestampDate } from '@bufbuild/protobuf/wkt';
import { RoutingChainVersionSchema } from '@trino-gateway/api/gateway';
import type { Printable } from '../output/print.ts';

/** How versions of the routing chain are listed. */
export const chainVersionKind: Printable<typeof RoutingChainVersionSchema> = {
  schema: RoutingChainVersionSchema,
  plural: 'versions',
  heads: ['VERSION', 'STORED', 'BY', 'STEPS', 'REPEATS'],
  cells: ({ version, storedAt, managedBy, steps, rolledBackTo }) => [
    String(version),
    storedAt ? timestampDate(storedAt).toISOString() : '-',
    managedBy || 'api',
    String(steps),
    rolledBackTo === undefined ? '-' : `version ${rolledBackTo}`,
  ],
};
