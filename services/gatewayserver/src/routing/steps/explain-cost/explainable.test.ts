import { describe, expect, test } from '@jest/globals';
import { analyseStatement, type StatementFacts } from '@trino-gateway/sql';
import { explainable } from './explainable.ts';

const none = 'the cost of such a statement is not asked for';
const prepared = (sql: string) => ['X-Trino-Prepared-Statement', `q=${encodeURIComponent(sql)}`];

/** What is explained: undefined when nothing is. */
function explained(statement: string, rawHeaders: string[] = [], facts?: Partial<StatementFacts>) {
  const sql = () => ({ ...analyseStatement(statement, rawHeaders), ...facts });
  const found = explainable({ statement, sql });
  return 'text' in found ? found.text : undefined;
}
const notUnderstood = { kind: 'UNKNOWN', statementClass: '' };

describe('a query is explained as it is, whether it is understood or not', () => {
  test.each([
    'SELECT 1',
    'select * from t',
    '-- a comment; EXPLAIN\n /* another\n */ SELECT 1',
    '((SELECT 1) UNION (SELECT 2))',
    'WITH a AS (SELECT 1) SELECT * FROM a',
    'TABLE t',
    'VALUES 1',
  ])('%s', (statement) => {
    expect(explained(statement)).toBe(statement);
    expect(explained(statement, [], notUnderstood)).toBe(statement);
  });
});

test('EXECUTE is explained where it runs a query, and nowhere else', () => {
  expect(explained('EXECUTE q USING 1', prepared('SELECT * FROM t WHERE a = ?'))).toBe('EXECUTE q USING 1');
  expect(explained("EXECUTE IMMEDIATE 'SELECT 1'")).toBe("EXECUTE IMMEDIATE 'SELECT 1'");
  for (const sql of [
    'INSERT INTO t SELECT 1',
    'CREATE TABLE t AS SELECT 1',
    'EXPLAIN ANALYZE SELECT 1',
    'DELETE FROM t',
  ])
    expect(explained('EXECUTE q', prepared(sql))).toBeUndefined();
  expect(explained('EXECUTE q')).toBeUndefined();
});

describe('of a statement that writes, the query is explained whose rows it writes: the rest would begin the write', () => {
  test.each([
    ['INSERT INTO t SELECT 1', 'SELECT 1'],
    ['insert into "c"."s".t (a, "b)") WITH x AS (SELECT 1) SELECT * FROM x', 'WITH x AS (SELECT 1) SELECT * FROM x'],
    ['INSERT INTO t (SELECT 1) UNION ALL (SELECT 2)', '(SELECT 1) UNION ALL (SELECT 2)'],
    ['INSERT INTO t (a) (SELECT 1)', '(SELECT 1)'],
    ['INSERT INTO t ((SELECT 1))', '((SELECT 1))'],
    ['/* INTO x */ INSERT INTO t VALUES (1)', 'VALUES (1)'],
    ['CREATE TABLE t AS SELECT 1 AS a', 'SELECT 1 AS a'],
    ['CREATE OR REPLACE TABLE t AS (SELECT 1)', '(SELECT 1)'],
    ['CREATE TABLE IF NOT EXISTS "AS".t (a, b) COMMENT \'AS SELECT\' WITH (x = CAST(1 AS int)) AS TABLE u', 'TABLE u'],
    ['CREATE TABLE t AS SELECT 1 WITH NO DATA', 'SELECT 1 '],
    ['CREATE TABLE t AS (SELECT 1) with data\n', '(SELECT 1) '],
    ['CREATE TABLE t AS WITH x AS (SELECT 1 a) SELECT data FROM x', 'WITH x AS (SELECT 1 a) SELECT data FROM x'],
  ])('%s', (statement, query) => {
    expect(explained(statement)).toBe(query);
    expect(explained(statement, [], notUnderstood)).toBe(query);
  });
});

describe('not explained', () => {
  test.each([
    'EXPLAIN SELECT 1',
    'EXPLAIN ANALYZE SELECT 1',
    '/* SELECT */ EXPLAIN ANALYZE VERBOSE SELECT 1',
    'USE tpch.sf1',
    "SET SESSION a = 'b'",
    'RESET SESSION a',
    'START TRANSACTION',
    'COMMIT',
    'ROLLBACK',
    'PREPARE q FROM SELECT 1',
    'DEALLOCATE PREPARE q',
    "CALL system.runtime.kill_query('a')",
    'GRANT SELECT ON t TO u',
    'REVOKE SELECT ON t FROM u',
    'DENY SELECT ON t TO u',
    'CREATE TABLE t (a int)',
    'CREATE VIEW v AS SELECT 1',
    'CREATE MATERIALIZED VIEW v AS SELECT 1',
    'CREATE SCHEMA s',
    'DROP TABLE t',
    'ALTER TABLE t ADD COLUMN a int',
    "COMMENT ON TABLE t IS 'x'",
    'SHOW TABLES',
    'DESCRIBE t',
    'TRUNCATE TABLE t',
    'UPDATE t SET a = 1',
    'DELETE FROM t',
    'MERGE INTO t USING u ON true WHEN MATCHED THEN DELETE',
    'REFRESH MATERIALIZED VIEW v',
    'ANALYZE t',
    'INSERT INTO t',
    'INSERT INTO t (a',
    'INSERT INTO t DEFAULT',
    'SELECTED',
    '"SELECT"',
    '/* not closed SELECT 1',
    '-- SELECT 1',
    ')))',
  ])('%s', (statement) => {
    expect(explained(statement)).toBeUndefined();
    expect(explainable({ statement, sql: () => ({ ...analyseStatement('', []), ...notUnderstood }) })).toEqual({
      why: none,
    });
  });
});

test('no statement, and one that may have been cut, are not explained', () => {
  const why = (statement: string) => explainable({ statement, sql: () => analyseStatement(statement, []) });
  expect(why(' \n')).toEqual({ why: 'there is no statement' });
  expect(why(`SELECT '${'x'.repeat(1_000_000)}'`)).toEqual({ why: 'the statement is too long to be explained' });
});

test.each([
  ['parentheses', '('.repeat(900_000)],
  ['comments', `CREATE ${'/**/'.repeat(200_000)}`],
  ['words', `CREATE TABLE ${'as_ '.repeat(200_000)}`],
  ['parentheses of a table', `CREATE TABLE t AS ${'('.repeat(900_000)}`],
  ['columns', `INSERT INTO t (${'a, '.repeat(300_000)}`],
])('a megabyte of %s takes no long time', (_, statement) => {
  const facts = { ...analyseStatement('', []), ...notUnderstood };
  const began = performance.now();
  explainable({ statement, sql: () => facts });
  expect(performance.now() - began).toBeLessThan(1_000);
});
