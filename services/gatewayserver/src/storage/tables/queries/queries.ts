import type { Query } from '@trino-gateway/api/gateway';
import type { Database } from '../../connection/database.ts';
import type { QueryFilter, QueryStore } from '../../contract/queries.ts';
import type { QueryRow } from '../../schema/queries.ts';
import { TABLES } from '../../schema/table-names.ts';
import { isNewestFirst, pageSelect, pageSize } from './page-select.ts';
import { writePageToken } from './page-token.ts';
import { positionBehind, purgeQueries } from './purge.ts';
import { completeQueries, recordQueries } from './record.ts';
import { fromRow } from './row.ts';

/** History. */
export function queryStore(database: Database): QueryStore {
  return {
    record: (queries) => recordQueries(database, queries),
    complete: (reports) => completeQueries(database, reports),
    get: (id) => getQuery(database, id),
    list: (filter) => listQueries(database, filter),
    positionBehind: (position, count) => positionBehind(database, position, count),
    purge: (upTo, most) => purgeQueries(database, upTo, most),
  };
}

function getQuery(database: Database, id: string): Promise<Query | undefined> {
  return database.read(async ({ manager }) => {
    const rows = manager.getRepository<QueryRow>(TABLES.queries);
    const row =
      (await rows.findOneBy({ id })) ??
      (await rows.findOne({ where: { trinoQueryId: id }, order: { submittedAt: 'DESC', id: 'DESC' } }));
    return row === null || id === '' ? undefined : fromRow(row);
  });
}

async function listQueries(
  database: Database,
  filter: QueryFilter,
): Promise<{ queries: Query[]; nextPageToken: string }> {
  return database.read(async ({ manager }) => {
    const size = pageSize(filter);
    const rows = await pageSelect(manager, database.engine.dialect, filter).getMany();
    const page = rows.slice(0, size);
    const last = rows.length > size ? page.at(-1) : undefined;
    return {
      queries: page.map(fromRow),
      nextPageToken:
        last === undefined
          ? ''
          : writePageToken({ submittedAt: last.submittedAt, id: last.id, newestFirst: isNewestFirst(filter) }),
    };
  });
}
