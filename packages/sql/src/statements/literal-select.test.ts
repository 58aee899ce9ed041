import { expect, test } from '@jest/globals';
import { keepAliveKey, literalSelect } from './literal-select.ts';

test.each([
  ['SELECT 1', ['_col0', 'integer', '1']],
  ['  select\n 1 ; ', ['_col0', 'integer', '1']],
  ['SELECT -7', ['_col0', 'integer', '-7']],
  ['SELECT 2147483648', ['_col0', 'bigint', '2147483648']],
  ['SELECT 1 AS Alive', ['Alive', 'integer', '1']],
  ['SELECT 1 alive', ['alive', 'integer', '1']],
  ["SELECT 'it''s'", ['_col0', 'varchar(4)', '"it\'s"']],
  ["SELECT ''", ['_col0', 'varchar(0)', '""']],
  ['SELECT TRUE', ['_col0', 'boolean', 'true']],
  ['SELECT null', ['_col0', 'unknown', 'null']],
])('the answer of %s is known without a cluster', (statement, expected) => {
  const found = literalSelect(statement);
  const { type } = found ?? {};
  const name = type?.name === 'varchar' ? `varchar(${type.length})` : type?.name;
  expect([found?.column, name, found?.json]).toEqual(expected);
});

test.each([
  ...[
    '',
    'SELECT',
    'SELECT 1, 2',
    'SELECT 1 FROM t',
    'SELECT x',
    'SELECT 1.5',
    'SELECT now()',
    'VALUES 1',
    'SELECT 1; SELECT 2',
  ],
  ...['SELECT 9223372036854775808', "SELECT 'a' || 'b'", 'SELECT 1 --x', `SELECT '${'x'.repeat(1_000)}'`, 'SELECT1'],
])('%s needs a cluster', (statement) => {
  expect(literalSelect(statement)).toBeUndefined();
});

test('blanks, case and a semicolon at the end make no difference, except inside of quotes', () => {
  const [first, ...others] = ['SELECT  1 AS x', ' select 1 as X ; ', 'Select\n1\tAs x;'].map(keepAliveKey);
  expect(others).toEqual([first, first]);
  expect(keepAliveKey("SELECT 'A  b'")).not.toBe(keepAliveKey("SELECT 'a b'"));
  expect(keepAliveKey("select 'A  b';")).toBe(keepAliveKey("SELECT  'A  b'"));
});
