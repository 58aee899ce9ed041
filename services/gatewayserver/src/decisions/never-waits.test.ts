import { expect, test } from '@jest/globals';
import { neverWaits } from './never-waits.ts';

const header = (name: string, value: string) => [{ name, value }];

test.each([
  ['COMMIT', [], true],
  ['rollback work', [], true],
  ["CALL system.runtime.kill_query('x', 'y')", [], true],
  ["CALL runtime.kill_query(query_id => 'x')", header('X-Presto-Catalog', 'system'), true],
  ['EXECUTE bye', header('X-Trino-Prepared-Statement', 'bye=COMMIT'), true],
  ['/* for later */ SET SESSION a = 1', [], true],
  ['reset session a', [], true],
  ['USE hive.raw', [], true],
  ['PREPARE p FROM SELECT 1', [], true],
  ['DEALLOCATE PREPARE p', [], true],
  ['SELECT 1', header('X-Trino-Transaction-Id', '6f7b1f4a-0000-4000-8000-000000000000'), true],
  ['SELECT 1', header('x-trino-transaction-id', 'none'), false],
  ['START TRANSACTION', [], false],
  ['EXECUTE bye', header('X-Trino-Prepared-Statement', 'bye=COMMIT,bye=SELECT+1'), false],
  ['EXECUTE bye', header('X-Trino-Prepared-Statement', 'bye=COMMIT,%62ye=SELECT+1'), false],
  ["EXECUTE IMMEDIATE U&'--z000aSELECT 1 /*\nCOMMIT */' UESCAPE 'z'", [], false],
  ['\fSET SESSION a = 1', [], false],
  ["CALL kill_query('x')", [...header('X-Trino-Catalog', 'system'), ...header('X-Trino-Schema', 'runtime')], true],
  [
    "CALL runtime.kill_query('x')",
    [...header('X-Trino-Catalog', 'hive'), ...header('X-Trino-Catalog', 'system')],
    false,
  ],
  [
    'SELECT 1',
    [
      ...header('X-Trino-Transaction-Id', 'NONE'),
      ...header('X-Trino-Transaction-Id', '6f7b1f4a-0000-4000-8000-000000000000'),
    ],
    false,
  ],
  ['SELECT 1 -- COMMIT', [], false],
  ['"SET" x', [], false],
  ['INSERT INTO t SELECT 1', [], false],
  ['CALL other.kill_query()', [], false],
  ['EXPLAIN SELECT 1', [], false],
  ['', [], false],
])('%s waits or not, by its kind', (statement, headers, expected) => {
  expect(neverWaits({ statement, headers })).toBe(expected);
});

test.each([
  ['show tables', true],
  ['DESCRIBE t', true],
  ['SELECT 1', false],
])('%s waits, unless metadata statements are exempt', (statement, expected) => {
  expect(neverWaits({ statement, headers: [] })).toBe(false);
  expect(neverWaits({ statement, headers: [] }, true)).toBe(expected);
});
