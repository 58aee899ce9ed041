import { engineOf } from '../../src/storage/engines/registry.ts';
import type { QueryRow } from '../../src/storage/schema/queries.ts';
import { mergeStatement } from '../../src/storage/tables/queries/merge.ts';
import type { Million } from './database.ts';
import { plausibleRow, SPAN_MS } from './plausible-row.ts';

const ROWS_PER_STATEMENT = 1_000;

/** Writes `rows` rows, the oldest first, and lets the engine look at them. @returns when the newest was submitted */
export async function fillHistory({ engine, source }: Million, rows: number): Promise<number> {
  const startedAt = performance.now();
  const newest = Date.now();
  const step = SPAN_MS / rows;
  for (let from = 0; from < rows; from += ROWS_PER_STATEMENT) {
    const chunk: QueryRow[] = [];
    for (let index = from; index < Math.min(from + ROWS_PER_STATEMENT, rows); index++)
      chunk.push(plausibleRow(index, Math.round(newest - (rows - 1 - index) * step)));
    const { sql, values } = mergeStatement(engineOf(source).dialect, chunk);
    await source.query(sql, values);
  }
  await source.query(
    engine === 'postgres'
      ? 'VACUUM ANALYZE queries'
      : engine === 'sqlite'
        ? 'PRAGMA optimize'
        : 'ANALYZE TABLE queries',
  );
  const seconds = ((performance.now() - startedAt) / 1000).toFixed(0);
  console.log(`\n${engine}: ${rows} rows of ${SPAN_MS / 86_400_000} days in ${seconds} s`);
  return newest;
}
