import { expect, test } from '@jest/globals';
import { table } from './table.ts';

test('rows of different width are aligned', () => {
  const rows = [
    [0, 'ALGERIA'],
    [10, null],
  ];
  expect(table(['key', 'name'], rows)).toBe('key | name\n----+--------\n0   | ALGERIA\n10  | NULL');
});
