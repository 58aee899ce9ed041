import { expect, test } from '@jest/globals';
import { analyseStatement } from '../statement-facts.ts';

const session = ['X-Trino-Catalog', 'c', 'X-Trino-Schema', 's'];

test.each<[string, string]>([
  ['SELECT a, "B", t.c FROM t WHERE d > 1', 'a b c d'],
  ['SELECT t.a, s.t.b, c.s.t.d FROM t', 'a b d'],
  ['SELECT x.y FROM t', 'x'],
  ['SELECT u.x.y, b.z AS other FROM t AS u', 'x b'],
  ['SELECT sum(a) AS total FROM t GROUP BY b HAVING max(c) > 1 ORDER BY total', 'a b c total'],
  ['SELECT filter(a, x -> x > b), reduce(c, 0, (s, y) -> s + y, s -> s) FROM t', 'a b c'],
  ["SELECT CAST(a AS row(x bigint)), DATE '2020-01-01', INTERVAL '1' DAY, extract(YEAR FROM b) FROM t", 'a b'],
  ['SELECT trim(BOTH FROM a), position(b IN c), d AT TIME ZONE e FROM t', 'a b c d'],
  ['SELECT rank() OVER (PARTITION BY a ORDER BY b ROWS BETWEEN 1 PRECEDING AND CURRENT ROW) FROM t', 'a b'],
  ['SELECT count(*) OVER w FROM t WINDOW w AS (PARTITION BY a)', 'a'],
  ['UPDATE t SET a = b + 1 WHERE c', 'a b c'],
  ['MERGE INTO t USING u ON t.a = u.b WHEN MATCHED THEN UPDATE SET d = u.e', 'a b d e'],
])('%s mentions %s', (sql, columns) => {
  const facts = analyseStatement(sql, session);
  expect([facts.columns.join(' '), facts.columnsKnown]).toEqual([columns, true]);
});

test('a star stands for more columns than are named, in count(*) for none', () => {
  expect(analyseStatement('SELECT a, t.* FROM t', session)).toMatchObject({ columns: ['a'], columnsKnown: false });
  expect(analyseStatement('SELECT count(*), a * b FROM t', session).columnsKnown).toBe(true);
});

test.each([
  'SELECT a FROM t MATCH_RECOGNIZE (PATTERN (A) DEFINE A AS b > 1)',
  "SELECT * FROM JSON_TABLE(a, 'lax $' COLUMNS (b bigint))",
  'SELECT * FROM TABLE(f(TABLE(t) PARTITION BY a))',
  'SELECT a FROM (',
])('%s: columns are unknown', (sql) => {
  expect(analyseStatement(sql, session)).toMatchObject({ columns: [], columnsKnown: false });
});
