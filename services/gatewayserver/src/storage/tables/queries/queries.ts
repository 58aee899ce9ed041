import { timestampFromMs, timestampMs } from '@bufbuild/protobuf/wkt';
import { ListQueriesRequest_Order, type Query, Query_State } from '@trino-gateway/api/gateway';
import { type EntityManager, In, type SelectQueryBuilder } from 'typeorm';
import type { Database } from '../../connection/database.ts';
import type { QueryFilter } from '../../contract/store.ts';
import { storedText } from '../../contract/stored-text.ts';
import type { Engine } from '../../engines/engine.ts';
import { LENGTHS, type QueryRow, TABLES } from '../../schema/entities.ts';
import { mergeStatement } from './merge.ts';
import { readPageToken, writePageToken } from './page-token.ts';
import { fromRow, storedState, toRow } from './row.ts';

const ROWS_PER_STATEMENT = 200;
// Characters of one statement. As UTF-8 with every quote escaped it stays below the 16 MB that MariaDB takes.
const CHARACTERS_PER_STATEMENT = 2_000_000;
const PAGE_SIZE = { default: 100, most: 1_000 };

/** See Store.recordQueries. */
export async function recordQueries(database: Database, queries: readonly Query[]): Promise<void> {
  if (queries.length === 0) return;
  const now = Date.now();
  const statements = batches(queries.map((query) => toRow(query, now))).map((rows) =>
    mergeStatement(database.engine, rows),
  );
  await database.transaction(async ({ manager }) => {
    for (const { sql, values } of statements) await manager.query(sql, values);
  });
}

/** Chunks in the order of ids, so that two writers meet their locks alike; each id at most once in a chunk. */
function batches(rows: QueryRow[]): QueryRow[][] {
  const chunks: QueryRow[][] = [];
  let chunk: QueryRow[] = [];
  let characters = 0;
  for (const row of rows.toSorted((a, b) => (a.id < b.id ? -1 : a.id > b.id ? 1 : 0))) {
    const size = row.text.length + row.clientTags.length + row.error.length;
    const full = chunk.length === ROWS_PER_STATEMENT || characters + size > CHARACTERS_PER_STATEMENT;
    if (chunk.length > 0 && (full || chunk.at(-1)?.id === row.id)) {
      chunks.push(chunk);
      chunk = [];
      characters = 0;
    }
    chunk.push(row);
    characters += size;
  }
  chunks.push(chunk);
  return chunks;
}

/** See Store.completeQueries. */
export async function completeQueries(database: Database, reports: readonly Query[]): Promise<Query[]> {
  const known = new Map<string, { id: string; submittedAt: number }[]>();
  for (let from = 0; from < reports.length; from += ROWS_PER_STATEMENT) {
    const trinoQueryId = In(reports.slice(from, from + ROWS_PER_STATEMENT).map((report) => report.trinoQueryId));
    const rows = await database.read(({ manager }) =>
      manager
        .getRepository<QueryRow>(TABLES.queries)
        .find({ select: { id: true, trinoQueryId: true, submittedAt: true }, where: { trinoQueryId } }),
    );
    for (const row of rows) known.set(row.trinoQueryId, [...(known.get(row.trinoQueryId) ?? []), row]);
  }
  const completions = reports.flatMap((report) =>
    (known.get(report.trinoQueryId) ?? []).map(({ id, submittedAt }) => ({
      ...report,
      id,
      submittedAt: timestampFromMs(submittedAt),
    })),
  );
  await recordQueries(database, completions);
  return reports.filter((report) => !known.has(report.trinoQueryId));
}

/** See Store.getQuery. */
export function getQuery(database: Database, id: string): Promise<Query | undefined> {
  return database.read(async ({ manager }) => {
    const rows = manager.getRepository<QueryRow>(TABLES.queries);
    const row =
      (await rows.findOneBy({ id })) ??
      (await rows.findOne({ where: { trinoQueryId: id }, order: { submittedAt: 'DESC', id: 'DESC' } }));
    return row === null || id === '' ? undefined : fromRow(row);
  });
}

/** See Store.listQueries. */
export async function listQueries(
  database: Database,
  filter: QueryFilter,
): Promise<{ queries: Query[]; nextPageToken: string }> {
  return database.read(async ({ manager }) => {
    const size = pageSize(filter);
    const rows = await pageSelect(manager, database.engine, filter).getMany();
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

const isNewestFirst = ({ order }: QueryFilter) => order !== ListQueriesRequest_Order.OLDEST_FIRST;

const pageSize = (filter: QueryFilter) =>
  filter.pageSize > 0 ? Math.min(filter.pageSize, PAGE_SIZE.most) : PAGE_SIZE.default;

/** What is read for a page: its rows, and one more to see whether another page follows. @throws BadPageTokenError */
export function pageSelect(manager: EntityManager, engine: Engine, filter: QueryFilter): SelectQueryBuilder<QueryRow> {
  const newestFirst = isNewestFirst(filter);
  const after = filter.pageToken === '' ? undefined : readPageToken(filter.pageToken, newestFirst);
  const direction = newestFirst ? 'DESC' : 'ASC';
  const select = manager
    .getRepository<QueryRow>(TABLES.queries)
    .createQueryBuilder('q')
    .limit(pageSize(filter) + 1);
  // PostgreSQL may read along the time, too, where many rows match: not when the order begins with what is filtered for,
  // and that is not known to be a single value (see restrict), for then only the right index has that order.
  const leading = engine === 'postgres' ? equalities(filter)[0]?.field : undefined;
  if (leading !== undefined) select.addOrderBy(`q.${leading}`, direction);
  select.addOrderBy('q.submittedAt', direction).addOrderBy('q.id', direction);
  restrict(select, filter, engine, leading);
  // With two indexes that begin alike MySQL takes neither, and reads along the time until a page is full: half of history
  // for a backend that was retired.
  if (engine === 'mysql' || engine === 'mariadb') select.useIndex(indexesFor(filter));
  if (after === undefined) return select;
  // In this form, unlike as (a < x OR (a = x AND b < y)), the first half bounds the index on every engine.
  const beyond = newestFirst ? '<' : '>';
  select.andWhere(`q.submittedAt ${beyond}= :at`).andWhere(`(q.submittedAt ${beyond} :at OR q.id ${beyond} :id)`);
  return select.setParameters({ at: after.submittedAt, id: after.id });
}

/** The indexes that lead to what is filtered for, in the order of pages. */
function indexesFor({ user, backendId, groupId, source, state }: QueryFilter): string[] {
  const stated = state !== Query_State.STATE_UNSPECIFIED;
  const given = Object.entries({ user, backend: backendId, group: groupId, source }).filter(
    ([, value]) => value !== '',
  );
  if (given.length === 0) return [stated ? 'queries_by_state' : 'queries_by_time'];
  return given.map(([name]) => `queries_by_${name}${stated ? '_state' : ''}`);
}

type Equality = { field: 'user' | 'source' | 'backendId' | 'groupId' | 'state'; value: string | number };

/** What must be equal, first what mostly leaves the fewest rows. */
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
  engine: Engine,
  leading: Equality['field'] | undefined,
): void {
  const where = (condition: string, parameter: string, value: unknown) =>
    select.andWhere(condition, { [parameter]: value });
  for (const { field, value } of equalities(filter))
    if (field === leading) where(`q.${field} = ANY(:${field})`, field, [value]);
    else where(`q.${field} = :${field}`, field, value);
  if (filter.submittedAfter !== undefined) where('q.submittedAt >= :from', 'from', timestampMs(filter.submittedAfter));
  if (filter.submittedBefore !== undefined) where('q.submittedAt < :to', 'to', timestampMs(filter.submittedBefore));
  if (filter.text !== '') where(CONTAINS[engine], 'text', storedText(filter.text));
}

// A position instead of LIKE: no wildcards to escape, and the same answer about upper and lower case everywhere.
// On MySQL bytes are compared in half the time of characters, and are the same where text is UTF-8.
const CONTAINS: Record<Engine, string> = {
  sqlite: 'instr(q.text, :text) > 0',
  mysql: 'locate(CAST(:text AS BINARY), CAST(q.text AS BINARY)) > 0',
  mariadb: 'locate(CAST(:text AS BINARY), CAST(q.text AS BINARY)) > 0',
  postgres: 'strpos(q.text, :text) > 0',
};
