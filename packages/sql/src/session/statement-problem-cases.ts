/** A statement, the header lines it comes with, and what every Trino says of it: its error and the place, if any. */
export type ProblemCase = {
  sql: string;
  headers?: readonly string[];
  error: 'SYNTAX_ERROR' | 'NOT_FOUND';
  /** Line and column. */
  at?: readonly [number, number];
  /** Trino's place, where it is another one: it reads on behind the mistake, or stops at an earlier one. */
  trinoAt?: readonly [number, number];
};

const prepared = (...statements: string[]) => statements.flatMap((one) => ['X-Trino-Prepared-Statement', one]);
const syntax = (sql: string, line: number, column: number): ProblemCase => ({
  sql,
  error: 'SYNTAX_ERROR',
  at: [line, column],
});
const unknown = (sql: string, headers: readonly string[] = []): ProblemCase => ({ sql, headers, error: 'NOT_FOUND' });

/** What is refused before it waits; the same table is put to real clusters. */
export const problemCases: readonly ProblemCase[] = [
  syntax('   ', 1, 4),
  syntax('-- nothing', 1, 11),
  syntax('/* nothing */\n', 2, 1),
  syntax(';', 1, 1),
  syntax('SELEC 1', 1, 1),
  syntax('\n  selcet 1', 2, 3),
  syntax('/* 1 */ SELEKT 1', 1, 9),
  syntax('INSRT INTO t VALUES 1', 1, 1),
  syntax('CREATEE TABLE t (a bigint)', 1, 1),
  syntax('123', 1, 1),
  syntax("'a'", 1, 1),
  syntax('"select" 1', 1, 1),
  syntax('é', 1, 1),
  syntax('\ufeffSELECT 1', 1, 1),
  syntax('\u00a0SELECT 1', 1, 1),
  syntax(')', 1, 1),
  syntax('SELECT 1;', 1, 9),
  syntax('SELECT 1 ; -- done', 1, 10),
  syntax("SELECT 'abc", 1, 8),
  syntax("SELECT 'it''s", 1, 12),
  syntax("SELECT 'a' 'b", 1, 12),
  syntax('SELECT "abc', 1, 8),
  { ...syntax('SELECT 1 /* what is it', 1, 10), trinoAt: [1, 11] },
  syntax('SELECT (1', 1, 10),
  syntax('SELECT\t(1', 1, 10),
  syntax('SELECT\n  (1,\n 2', 3, 3),
  syntax('select\r\n(\r1', 2, 4),
  syntax('SELECT ARRAY[1', 1, 15),
  syntax('SELECT (1]', 1, 10),
  syntax('SELECT 1)', 1, 9),
  syntax("SELECT ')' )", 1, 12),
  syntax("SELECT '\u{1d11e}' )", 1, 12),
  syntax('SELECT 1 ) FROM (', 1, 10),
  { ...syntax('SELECT (1 FROM x', 1, 17), trinoAt: [1, 11] },
  unknown('EXECUTE nope'),
  unknown('EXECUTE NOPE', prepared('nope=SELECT+1')),
  unknown('EXECUTE "No pe" USING 1', prepared('nope=SELECT+1', 'other=SELECT+1')),
  unknown('DESCRIBE INPUT nope'),
  unknown('DESCRIBE OUTPUT nope'),
];

/** What is nobody's mistake, or not certainly one: it waits, and its cluster says what it thinks of it. */
export const harmlessCases: readonly (readonly [sql: string, headers?: readonly string[]])[] = [
  ['SELECT 1'],
  ['(SELECT 1)'],
  ['TABLE tpch.tiny.region'],
  ['VALUES (1), (2)'],
  ["WITH t AS (SELECT ARRAY[1, 2][1] AS \"(\") SELECT ')' || '--' /* ( */ FROM t -- ("],
  ['SELECT U&\'\\0041\', X\'65\', \'it\'\'s\', "a""b" FROM (VALUES 1) AS t ("a""b")'],
  ['WITH FUNCTION f() RETURNS bigint BEGIN RETURN 1; END SELECT f()'],
  ["WITH SESSION query_max_run_time = '1h' SELECT 1"],
  ['EXECUTE nope', prepared('nope=SELECT+1')],
  ['EXECUTE "No pe" USING 1', prepared('No%20pe=SELECT+%3F')],
  ["EXECUTE IMMEDIATE 'SELECT ?' USING 1"],
  ['DESCRIBE OUTPUT nope', prepared('nope=SELECT+1')],
  ['SHOW SESSION'],
  ['EXPLAIN (TYPE VALIDATE) SELECT 1'],
];
