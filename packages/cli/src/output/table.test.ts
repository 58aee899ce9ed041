import { expect, test } from '@jest/globals';
import { formatTable } from './table.ts';

const HEADS = ['ID', 'STATE', 'TEXT'];
const ROWS = [
  ['1', 'FINISHED', 'SELECT 1'],
  ['22', 'FAILED', 'SELECT a, b, c FROM somewhere WHERE it is long'],
];

test('columns are aligned, and nothing is cut where there is no terminal', () => {
  expect(formatTable(HEADS, ROWS, undefined)).toEqual([
    'ID  STATE     TEXT',
    '1   FINISHED  SELECT 1',
    '22  FAILED    SELECT a, b, c FROM somewhere WHERE it is long',
  ]);
});

test('the widest columns are cut until a line fits the terminal', () => {
  for (const width of [20, 40, 60, 200]) {
    const lines = formatTable(HEADS, ROWS, width);
    expect(Math.max(...lines.map((line) => [...line].length))).toBeLessThanOrEqual(width);
    expect(lines[1]).toMatch(/^1 /);
  }
  expect(formatTable(HEADS, ROWS, 40)[2]).toBe('22  FAILED    SELECT a, b, c FROM somew…');
});

test('a terminal too narrow for anything still shows the beginning of every column', () => {
  expect(formatTable(HEADS, ROWS, 3)).toEqual(['ID  STATE   TEXT', '1   FINIS…  SELEC…', '22  FAILED  SELEC…']);
});

test('a text of several lines is one line, and cannot steer the terminal', () => {
  expect(formatTable(['TEXT'], [['SELECT 1\n\t-- \u001b[31mred\u0007\u009b2J']], undefined)[1]).toBe(
    'SELECT 1 -- [31mred 2J',
  );
});

test('without rows there is the head', () => {
  expect(formatTable(HEADS, [], 80)).toEqual(['ID  STATE  TEXT']);
});
