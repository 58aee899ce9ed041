import { expect, test } from '@jest/globals';
import { namesOf, realCases, recordLines } from '../conformance/report/newest.ts';

test('98 of the cases are for real clusters', () => {
  expect(realCases).toHaveLength(98);
  expect([realCases.includes(1), realCases.includes(46), realCases.includes(116)]).toEqual([true, false, true]);
});

test.each([
  ['case 5: values', true],
  ['case 4, 5: values', true],
  ['what it does case 5, 6: values', true],
  ['case 55: values', false],
  ['the web UI of 476 case 5: a login', false],
  ['jdbc gets what a direct run gives, from a cluster', true],
])('of the cases 5 and 7 and the matrix, %j is run: %s', (name, isRun) => {
  expect(new RegExp(namesOf([5, 7], true)).test(name)).toBe(isRun);
});

test('a record counts cases and clients of each run, names what failed, and what none has shown', () => {
  const test = (title: string, status = 'passed') => ({ groups: [], title, status, seconds: 1 });
  const lines = recordLines([
    {
      name: 'with',
      tests: [test('case 1: a'), test('go gets what a direct run gives'), test('case 2: b', 'failed')],
      seconds: 3.2,
    },
    { name: 'without', tests: [test('case 1: a'), test('case 3: c', 'pending')], seconds: 2 },
  ]);
  expect(lines.slice(0, 3)).toEqual([
    "- with: cases 1 passed, 1 failed (2); clients' matrix 1 of 1 passed; 3 s",
    '  - failed: case 2: b',
    '- without: cases 1 passed, 0 failed; 2 s',
  ]);
  expect(lines.at(-1)).toBe('- 96 of the 98 cases for real clusters are pending');
});
