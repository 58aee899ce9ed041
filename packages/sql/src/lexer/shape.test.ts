import { expect, test } from '@jest/globals';
import { statementShape } from './shape.ts';

test.each([
  ['white space and comments', 'SELECT a FROM t', '\n select /* x */ a -- y\nFROM\tt '],
  ['case of keywords and names', 'SELECT a FROM t', 'Select A From T'],
  ['numbers and strings', "SELECT * FROM t WHERE a = 1 AND b = 'x'", "SELECT * FROM t WHERE a = 1.5e3 AND b = 'it''s'"],
  ['signs of numbers', 'SELECT * FROM t WHERE a = -1', 'SELECT * FROM t WHERE a = 1'],
  ['dates', "SELECT * FROM t WHERE a > DATE '2020-01-01'", "SELECT * FROM t WHERE a > DATE '2021-02-02'"],
  ['length of an IN list', 'SELECT * FROM t WHERE a IN (1)', 'SELECT * FROM t WHERE a IN (1, 2, -3, 4)'],
  [
    'rows in an IN list',
    'SELECT * FROM t WHERE (a, b) IN ((1, 2))',
    'SELECT * FROM t WHERE (a, b) IN ((3, 4), (5, 6))',
  ],
  ['dates in an IN list', "SELECT 1 WHERE a IN (DATE '1')", "SELECT 1 WHERE a IN (DATE '1', DATE '2')"],
  ['rows of VALUES', "INSERT INTO t VALUES (1, 'a')", "INSERT INTO t VALUES (1, 'a'), (2, 'b'), (3, 'c')"],
  ['VALUES before a clause', 'VALUES 1 ORDER BY 1', 'VALUES 1, 2, 3 ORDER BY 1'],
])('%s do not count', (_, one, other) => {
  expect(statementShape(one)).toMatch(/^[0-9a-f]{16}$/);
  expect(statementShape(other)).toBe(statementShape(one));
});

test.each([
  ['tables', 'SELECT a FROM t', 'SELECT a FROM u'],
  ['operators', 'SELECT a + 1', 'SELECT a - 1'],
  ['arguments', 'SELECT f(1)', 'SELECT f(1, 2)'],
  ['columns in an IN list', 'SELECT 1 WHERE a IN (b)', 'SELECT 1 WHERE a IN (b, c)'],
  ['what follows a list', 'SELECT 1 WHERE a IN (1) OR b', 'SELECT 1 WHERE a IN (1) AND b'],
  ['where words end', 'SELECT ab c', 'SELECT a bc'],
  ['names in quotes with blanks', 'SELECT "a b"', 'SELECT a b'],
])('%s do', (_, one, other) => {
  expect(statementShape(other)).not.toBe(statementShape(one));
});
