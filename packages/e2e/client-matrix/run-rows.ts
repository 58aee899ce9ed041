import { createHash } from 'node:crypto';
import { type ClientName, clients } from './clients.ts';
import { environment } from './run-matrix.ts';
import { outputOf } from './run-series.ts';

export type RowsOptions = {
  url: string;
  user: string;
  /** `row` of them, by {@link rowsStatement}. */
  rows: number;
  /** Does not ask for gzip, as every client does by itself. Only cli, jdbc, dbapi and go can. */
  plain?: boolean;
  timeoutMs: number;
};

/** So many rows of two columns, in their order: a number and a text. @param rows a multiple of 1,000, up to ten million */
export function rowsStatement(rows: number): string {
  return `SELECT n, 'row ' || CAST(n AS varchar) AS text FROM (SELECT a * 1000 + b AS n FROM UNNEST(sequence(0, ${rows / 1_000 - 1})) t (a) CROSS JOIN UNNEST(sequence(0, 999)) u (b)) ORDER BY n`;
}

/** The MD5 that {@link runRows} gives when all have arrived. */
export function digestOfRows(rows: number): string {
  const digest = createHash('md5');
  for (let n = 0; n < rows; n += 1_000)
    digest.update(Array.from({ length: 1_000 }, (_, at) => `${n + at}\trow ${n + at}\n`).join(''));
  return digest.digest('hex');
}

/** The MD5 of the rows as a client reads them, as tab separated text; or what it complains of. */
export async function runRows(client: ClientName, options: RowsOptions): Promise<string> {
  const { command, args } = await clients[client].program(() => {});
  const env = {
    ...environment({ ...options, pyhive: 'trino' }, 'rows'),
    MATRIX_ONLY: 'rows',
    MATRIX_ROWS: rowsStatement(options.rows),
    ...(options.plain === true && { MATRIX_PLAIN: 'yes' }),
  };
  const { out, err } = await outputOf(command, [...args, options.url, options.user], env, options);
  return /^rows\t(.*)$/m.exec(out)?.[1] ?? `nothing; it said: ${err.trim().slice(-2_000)}`;
}
