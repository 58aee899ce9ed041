import { timestampMs } from '@bufbuild/protobuf/wkt';
import { ListQueriesRequest_Order, Query_State } from '@trino-gateway/api/gateway';
import type { EntityManager, SelectQueryBuilder } from 'typeorm';
import type { QueryFilter } from '../../contract/queries.ts';
import { storedText } from '../../contract/stored-text.ts';
import type { Dialect } from '../../engines/dialect.ts';
import { LENGTHS } from '../../schema/columns.ts';
import type { QueryRow } from '../../schema/queries.ts';
import { TABLES } from '../../schema/table-names.ts';
import { readPageToken } from './page-token.ts';
import { storedState } from './row.ts';

const PAGE_SIZE = { default: 100, most: 1_000 };

/** Newest first is also the order of pages where none is asked for. */
export const isNewestFirst = ({ order }: QueryFilter) => order !== ListQueriesRequest_Order.OLDEST_FIRST;

/** How many rows a page has. */
export const pageSize = (filter: QueryFilter) =>
  filter.pageSize > 0 ? Math.min(filter.pageSize, PAGE_SIZE.most) : PAGE_SIZE.default;

/** Selects the rows of a page, and one more, which tells whether another page follows. @throws BadPageTokenError */
export function pageSelect(
  manager: EntityManager,
  dialect: Dialect,
  filter: QueryFilter,
): SelectQueryBuilder<QueryRow> {
  const newestFirst = isNewestFirst(filter);
  const after = filter.pageToken === '' ? undefined : readPageToken(filter.pageToken, newestFirst);
  const direction = newestFirst ? 'DESC' : 'ASC';
  const select = manager
    .getRepository<QueryRow>(TABLES.queries)
    .createQueryBuilder('q')
    .limit(pageSize(filter) + 1);
  // PostgreSQL would read along the time where many rows match. It does not when the order begins with the filtered column
  // and it cannot know that this is a single value (see restrict): then only the right index has that order.
  const leading = dialect.pageHint === 'order-by-filter' ? equalities(filter)[0]?.field : undefined;
  if (leading !== undefined) select.addOrderBy(`q.${leading}`, direction);
  select.addOrderBy('q.submittedAt', direction).addOrderBy('q.id', direction);
  restrict(select, filter, dialect, leading);
  // Between two indexes that begin alike MySQL takes neither, and reads along the time until a page is full: half of
  // history for a backend that was retired.
  if (dialect.pageHint === 'index-names') select.useIndex(indexesFor(filter));
  if (after === undefined) return select;
  // In this form, unlike as (a < x OR (a = x AND b < y)), the first half bounds the index on every engine.
  const beyond = newestFirst ? '<' : '>';
  select.andWhere(`q.submittedAt ${beyond}= :at`).andWhere(`(q.submittedAt ${beyond} :at OR q.id ${beyond} :id)`);
  return select.setParameters({ at: after.submittedAt, id: after.id });
}

/** The indexes of the filtered columns, which have the order of pages. */
function indexesFor({ user, backendId, groupId, source, state }: QueryFilter): string[] {
  const stated = state !== Query_State.STATE_UNSPECIFIED;
  const given = Object.entries({ user, backend: backendId, group: groupId, source }).filter(
    ([, value]) => value !== '',
  );
  if (given.length === 0) return [stated ? 'queries_by_state' : 'queries_by_time'];
  return given.map(([name]) => `queries_by_${name}${stated ? '_state' : ''}`);
}

type Equality = { field: 'user' | 'source' | 'backendId' | 'groupId' | 'state'; value: string | number };

/** The columns that must be equal, first the one that usually leaves the fewest rows. */
function equalities({ user, source, backendId, groupId, state }: QueryFilter): Equality[] {
  const all: Equality[] = [
    { field: 'user', value: storedText(user, LENGTHS.name) },
    { field: 'source', value: storedText(source, LENGTHS.name) },
    { field: 'backendId', value: storedText(backendId, LENGTHS.id) },
    { field: 'groupId', value: storedText(groupId, LENGTHS.id) },
    { field: 'state', value: storedState(state) },
  ];
  return all.filter(({ value }) => value !== '' && value !== 0);
}

function restrict(
  select: SelectQueryBuilder<QueryRow>,
  filter: QueryFilter,
  dialect: Dialect,
  leading: Equality['field'] | undefined,
): void {
  const where = (condition: string, parameter: string, value: unknown) =>
    select.andWhere(condition, { [parameter]: value });
  for (const { field, value } of equalities(filter))
    if (field === leading) where(`q.${field} = ANY(:${field})`, field, [value]);
    else where(`q.${field} = :${field}`, field, value);
  if (filter.submittedAfter !== undefined) where('q.submittedAt >= :from', 'from', timestampMs(filter.submittedAfter));
  if (filter.submittedBefore !== undefined) where('q.submittedAt < :to', 'to', timestampMs(filter.submittedBefore));
  // A position instead of LIKE: no wildcards to escape, and the same answer about upper and lower case everywhere.
  if (filter.text !== '') where(dialect.contains('q.text', ':text'), 'text', storedText(filter.text));
}
