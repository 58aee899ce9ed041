import { existsSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import { fileLines, fullNumbers, reportLines } from '../conformance/report/runs.ts';

const of = (title: string, status = 'passed') => ({ groups: [], title, status, seconds: 1 });

test('the record of a file counts its tests, and names what failed', () => {
  const tests = [of('case 1: a'), of('case 2: b', 'failed'), of('c', 'pending')];
  expect(fileLines({ name: 'real/ends', tests, seconds: 3.2 })).toEqual([
    '- real/ends: 1 passed, 1 failed; 3 s',
    '  - failed: case 2: b',
  ]);
});

test('what a case that passed does not show is said, and counted', () => {
  const lines = reportLines([of('case 1: a'), of('case 108: b')], false);
  expect(lines.at(-2)).toMatch(/^case 108 {2}in part {2}the rate of guesses/);
  expect(lines.at(-1)).toBe('conformance: 2 passed (1 in part), 0 failed, 0 pending');
  expect(reportLines([of('case 108: b', 'failed')], false).at(-1)).toBe('conformance: 0 passed, 1 failed, 0 pending');
});

test('the full numbers are numbers of files that there are', () => {
  for (const [name, numbers] of Object.entries(fullNumbers)) {
    expect(existsSync(`${import.meta.dirname}/../${name}.test.ts`)).toBe(true);
    for (const value of Object.values(numbers)) expect(value).toMatch(/^\d+$/);
  }
});
