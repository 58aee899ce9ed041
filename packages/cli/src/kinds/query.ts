import { timestampDate } from '@bufbuild/protobuf/wkt';
import { Query_StateSchema, QuerySchema } from '@trino-gateway/api/gateway';
import type { Printable } from '../output/print.ts';

/** How queries are printed. */
export const queryKind: Printable<typeof QuerySchema> = {
  schema: QuerySchema,
  plural: 'queries',
  heads: ['ID', 'STATE', 'SUBMITTED', 'USER', 'SOURCE', 'GROUP', 'BACKEND', 'TEXT'],
  cells: (query) => [
    query.id,
    Query_StateSchema.value[query.state]?.name ?? String(query.state),
    query.submittedAt ? timestampDate(query.submittedAt).toISOString().replace(/\.\d+/, '') : '-',
    query.user || '-',
    query.source || '-',
    query.groupId || '-',
    query.backendId || '-',
    query.error ? `${query.error.name}: ${query.text}` : query.text,
  ],
};
