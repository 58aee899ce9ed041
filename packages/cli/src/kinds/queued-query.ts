import { timestampMs } from '@bufbuild/protobuf/wkt';
import { QueuedQuerySchema } from '@trino-gateway/api/gateway';
import type { Printable } from '../output/print.ts';
import { shortDuration } from '../output/short-duration.ts';

/** How waiting queries are printed. @param now epoch milliseconds */
export function queuedKind(now: number): Printable<typeof QueuedQuerySchema> {
  return {
    schema: QueuedQuerySchema,
    plural: 'queries',
    heads: ['GROUP', 'PLACE', 'ID', 'USER', 'SOURCE', 'PRIORITY', 'WAITS', 'POLLED', 'MAY START', 'REASON'],
    cells: ({ groupId, position, id, user, source, priority, queuedAt, present, estimatedStart, reason }) => [
      groupId,
      String(position),
      id,
      user || '-',
      source || '-',
      String(priority),
      queuedAt ? shortDuration(now - timestampMs(queuedAt)) : '-',
      present ? 'yes' : 'no',
      estimatedStart ? `in ${shortDuration(timestampMs(estimatedStart) - now)}` : '-',
      reason,
    ],
  };
}
