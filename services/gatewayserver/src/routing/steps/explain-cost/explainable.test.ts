import { expect, test } from '@jest/globals';
import type { StatementFacts } from '@trino-gateway/sql';
import { whyNotExplained } from './explainable.ts';

const nothing = { tablesKnown: false, tables: [], catalogs: [], schemas: [], columns: [], functions: [], unknown: '' };
const why = (statement: string, facts: Partial<StatementFacts> = {}) =>
  whyNotExplained({
    statement,
    sql: () => ({ ...nothing, kind: 'UNKNOWN', statementClass: '', ...facts }) as StatementFacts,
  });
const noCost = 'Trino estimates no cost of such a statement';

test.each([
  'SELECT 1',
  'select * from t',
  '-- a comment; EXPLAIN\n /* another\n */ SELECT 1',
  '((SELECT 1) UNION (SELECT 2))',
  'WITH a AS (SELECT 1) SELECT * FROM a',
  'TABLE t',
  'VALUES 1',
  'INSERT INTO t SELECT 1',
  'CREATE TABLE t AS SELECT 1',
  'create or replace table t as select 1',
  'UPDATE t SET a = 1',
  'DELETE FROM t',
  'MERGE INTO t USING u ON true WHEN MATCHED THEN DELETE',
  'REFRESH MATERIALIZED VIEW v',
  'ANALYZE t',
  'EXECUTE q USING 1',
  "EXECUTE IMMEDIATE 'SELECT 1'",
])('is explained: %s', (statement) => {
  expect(why(statement)).toBeUndefined();
});

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
  'CREATE SCHEMA s',
  'DROP TABLE t',
  'ALTER TABLE t ADD COLUMN a int',
  "COMMENT ON TABLE t IS 'x'",
  'SHOW TABLES',
  'DESCRIBE t',
  'TRUNCATE TABLE t',
  'SELECTED',
  '"SELECT"',
  '/* not closed SELECT 1',
  '-- SELECT 1',
])('is not explained: %s', (statement) => {
  expect(why(statement)).toBe(noCost);
});

test('what is known of a statement counts more than its first word', () => {
  expect(why('EXECUTE q', { kind: 'EXPLAIN', statementClass: 'ExplainAnalyze' })).toBe(noCost);
  expect(why('EXECUTE q', { kind: 'UNKNOWN', statementClass: 'SetSession' })).toBe(noCost);
  for (const [kind, statementClass] of [
    ['SELECT', 'Query'],
    ['UNKNOWN', 'Execute'],
  ] as const)
    expect(why('EXECUTE q', { kind, statementClass })).toBeUndefined();
});

test('no statement, and one that may have been cut, are not explained', () => {
  expect(why(' \n')).toBe('there is no statement');
  expect(why(`SELECT '${'x'.repeat(1_000_000)}'`)).toBe('the statement is too long to be explained');
});

test('a million comments and parentheses take no time', () => {
  const began = performance.now();
  why(`${'('.repeat(400_000)}${'/**/'.repeat(100_000)}`);
  why(`CREATE TABLE ${'as_ '.repeat(200_000)}`);
  expect(performance.now() - began).toBeLessThan(1_000);
});
