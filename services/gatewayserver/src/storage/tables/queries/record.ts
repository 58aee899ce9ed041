import { type Timestamp, timestampFromMs, timestampMs } from '@bufbuild/protobuf/wkt';
import { routerAheadMs, type Submitted } from '@trino-gateway/api/cluster-clock';
import type { Query } from '@trino-gateway/api/gateway';
import { In } from 'typeorm';
import type { Database } from '../../connection/database.ts';
import type { QueryRow } from '../../schema/queries.ts';
import { TABLES } from '../../schema/table-names.ts';
import { mergeStatement, valuesOf } from './merge.ts';
import { toRow } from './row.ts';

const ROWS_PER_STATEMENT = 200;
// Characters of one statement. As UTF-8 with every quote escaped it stays below the 16 MB that MariaDB takes.
const CHARACTERS_PER_STATEMENT = 2_000_000;

/** See QueryStore.record. */
export async function recordQueries(database: Database, queries: readonly Query[]): Promise<void> {
  if (queries.length === 0) return;
  const now = Date.now();
  const { dialect, runEach } = database.engine;
  const rows = inOrder(queries.map((query) => toRow(query, now)));
  const [first] = rows;
  if (runEach !== undefined && first !== undefined) {
    const { sql } = mergeStatement(dialect, [first]);
    const values = rows.map(valuesOf);
    await database.transaction(async (session) => session.runEach?.(sql, values));
    return;
  }
  const statements = batches(rows).map((batch) => mergeStatement(dialect, batch));
  await database.transaction(async ({ manager }) => {
    for (const { sql, values } of statements) await manager.query(sql, values);
  });
}

/** By id, so that all writers take locks in one order. */
function inOrder(rows: QueryRow[]): QueryRow[] {
  return rows.toSorted((a, b) => (a.id < b.id ? -1 : a.id > b.id ? 1 : 0));
}

/** Chunks of the rows in their order; each id at most once in a chunk. */
function batches(rows: QueryRow[]): QueryRow[][] {
  const chunks: QueryRow[][] = [];
  let chunk: QueryRow[] = [];
  let characters = 0;
  for (const row of rows) {
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

/** See QueryStore.complete. */
export async function completeQueries(database: Database, reports: readonly Query[]): Promise<Query[]> {
  const known = new Map<string, ({ id: string } & Submitted)[]>();
  for (let from = 0; from < reports.length; from += ROWS_PER_STATEMENT) {
    const trinoQueryId = In(reports.slice(from, from + ROWS_PER_STATEMENT).map((report) => report.trinoQueryId));
    const rows = await database.read(({ manager }) =>
      manager
        .getRepository<QueryRow>(TABLES.queries)
        .find({ select: { id: true, trinoQueryId: true, submittedAt: true, queuedMs: true }, where: { trinoQueryId } }),
    );
    for (const row of rows) known.set(row.trinoQueryId, [...(known.get(row.trinoQueryId) ?? []), row]);
  }
  const completions = reports.flatMap((report) =>
    (known.get(report.trinoQueryId) ?? []).map((row) => completionOf(row, report)),
  );
  await recordQueries(database, completions);
  return reports.filter((report) => !known.has(report.trinoQueryId));
}

function completionOf({ id, ...row }: { id: string } & Submitted, report: Query): Query {
  const aheadMs = routerAheadMs(row, report.submittedAt && timestampMs(report.submittedAt));
  const moved = (time: Timestamp) => timestampFromMs(timestampMs(time) + aheadMs);
  return {
    ...report,
    id,
    submittedAt: timestampFromMs(row.submittedAt),
    ...(report.startedAt && { startedAt: moved(report.startedAt) }),
    ...(report.endedAt && { endedAt: moved(report.endedAt) }),
  };
}
