import { expect, test } from '@jest/globals';
import { analyseStatement } from './statement-facts.ts';

const session = ['X-Trino-Catalog', 'C', 'X-Trino-Schema', 's'];

test.each<[string, string, string]>([
  ['SELECT 1', 'SELECT Query', ''],
  ['SELECT * FROM t, a.u JOIN "X".b."V w" ON true', 'SELECT Query', 'c.s.t c.a.u x.b.v w'],
  ['WITH a AS (SELECT * FROM t), b AS (SELECT * FROM a) SELECT * FROM b, c.s.a', 'SELECT Query', 'c.s.t c.s.a'],
  ['SELECT (SELECT max(x) FROM u) FROM t WHERE x IN (TABLE v)', 'SELECT Query', 'c.s.u c.s.t c.s.v'],
  ['INSERT INTO t (a) SELECT a FROM u', 'INSERT Insert', 'c.s.t c.s.u'],
  ['CREATE TABLE t AS SELECT * FROM u WITH NO DATA', 'INSERT CreateTableAsSelect', 'c.s.t c.s.u'],
  ['EXPLAIN ANALYZE DELETE FROM t', 'DELETE ExplainAnalyze', 'c.s.t'],
  ['ALTER TABLE a.t RENAME TO u', 'DATA_DEFINITION RenameTable', 'c.a.t c.a.u'],
])('%s', (sql, classes, tables) => {
  const facts = analyseStatement(sql, session);
  expect(`${facts.kind} ${facts.statementClass}`).toBe(classes);
  expect(facts).toMatchObject({ tables: tables === '' ? [] : tables.split(/ (?!w)/), tablesKnown: true, unknown: '' });
});

test.each([
  ['SELECT * FROM t', 'a name without catalog or schema, and the session has none'],
  ['SELECT (1', 'line 1, column 10 is not understood'],
  ['SELECT * FROM `t`', 'line 1, column 15 is not understood'],
  [`SELECT ${'1'.repeat(1_000_000)}`, 'more than 1000000 characters'],
])('%.40s is unknown', (sql, unknown) => {
  expect(analyseStatement(sql, [])).toMatchObject({ tables: [], tablesKnown: false, unknown });
});
