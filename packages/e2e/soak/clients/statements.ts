import type { StatementScript } from '@trino-gateway/testing';

/** A statement, and what its whole result must be: rows whose first value is the number, or text of so many bytes. */
export type SoakStatement = { sql: string; rows?: number; bytes?: number };

const POLLED_PAGES = 30;
const LARGE_PAGES = 2;
const LARGE_BYTES = 3_000_000;
const RUNS_MS = 250;

/** What clients run; the number goes into the rows, so that nobody can get those of another query unnoticed. */
export const statements = {
  short: (number: number): SoakStatement => ({ sql: `SELECT soak short ${number}`, rows: 1 }),
  polled: (number: number): SoakStatement => ({ sql: `SELECT soak polled ${number}`, rows: POLLED_PAGES }),
  running: (number: number): SoakStatement => ({ sql: `SELECT soak running ${number}`, rows: 1 }),
  large: (number: number): SoakStatement => ({ sql: `SELECT soak large ${number}`, bytes: LARGE_PAGES * LARGE_BYTES }),
} as const satisfies Record<string, (number: number) => SoakStatement>;

const NUMBERED = [{ name: 'n', type: 'bigint' }];
/** Always the same, so that its text is made once. */
const large: StatementScript = {
  columns: [{ name: 's', type: 'varchar' }],
  pages: LARGE_PAGES,
  pageBytes: LARGE_BYTES,
};
const rowsOf = (count: number, number: number) => Array.from({ length: count }, () => [number]);

/** What a scripted cluster does with one of them; undefined for all others. */
export function soakScript(statement: string): StatementScript | undefined {
  const [, kind, text] = /^SELECT soak (\w+) (\d+)$/.exec(statement) ?? [];
  const number = Number(text);
  if (kind === 'short') return { columns: NUMBERED, rows: rowsOf(1, number) };
  if (kind === 'polled') return { columns: NUMBERED, rows: rowsOf(POLLED_PAGES, number), pages: POLLED_PAGES };
  if (kind === 'running') return { columns: NUMBERED, rows: rowsOf(1, number), runMs: RUNS_MS };
  return kind === 'large' ? large : undefined;
}

/** @throws Error when it is not the whole result of that statement */
export function checkResult({ sql, rows, bytes }: SoakStatement, result: readonly unknown[][]): void {
  const number = Number(sql.split(' ').at(-1));
  const length = result.reduce((sum, [value]) => sum + String(value).length, 0);
  const isRight = rows === undefined ? length === bytes : result.length === rows && result.every(([n]) => n === number);
  if (!isRight) throw new Error(`${sql}: ${result.length} rows, ${JSON.stringify(result).slice(0, 100)}`);
}
