import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { pending } from '../conformance/pending.ts';
import { caseNumbers, caseNumbersInSource, LAST_CASE } from '../conformance/report/case-numbers.ts';
import { missing, verdicts } from '../conformance/report/verdicts.ts';

// Each case of the protocol is in the title of a test with real clusters, or says why it is not.
const FOLDERS = ['conformance', 'conformance/raw', 'real'];

function numbersInTitles(): number[] {
  return FOLDERS.flatMap((folder) => {
    const path = join(import.meta.dirname, '..', folder);
    const files = readdirSync(path).filter((name) => name.endsWith('.ts') && name !== 'pending.ts');
    return files.flatMap((name) => caseNumbersInSource(readFileSync(join(path, name), 'utf8')));
  });
}

const shown = new Set(numbersInTitles());

test('each case from first to last is shown by a test, or pending with a reason', () => {
  const known = [...shown].map((number) => ({ number }));
  expect(missing(known, pending)).toEqual([]);
  expect([...pending.values()].filter((reason) => reason.trim() === '')).toEqual([]);
});

test('no test names a case that there is not, and what is shown is not pending', () => {
  expect([...shown].filter((number) => number < 1 || number > LAST_CASE)).toEqual([]);
  expect([...pending.keys()].filter((number) => shown.has(number))).toEqual([]);
});

test.each<[title: string, numbers: number[]]>([
  ['case 7: rows are untouched', [7]],
  ['case 18, 19: counters and markers', [18, 19]],
  ['case 7', []],
  ['in case 7: nothing', []],
  ['case x: nothing', []],
  ['case 18,19: no blank between them', []],
])('the numbers of the title %j', (title, numbers) => {
  expect(caseNumbers(title)).toEqual(numbers);
});

test('a case fails when one of its tests does, in whatever group; a test that was left out counts as none', () => {
  const of = (title: string, status: string, ...groups: string[]) => ({ groups, title, status, seconds: 1 });
  const ran = verdicts([
    of('case 2: b', 'passed'),
    of('case 1, 2: a', 'failed'),
    of('one of a group', 'passed', 'case 3: c'),
    of('case 4: d', 'pending'),
    of('something else', 'failed'),
  ]);
  expect(ran).toEqual([
    { number: 1, outcome: 'failed', tests: 1, seconds: 1 },
    { number: 2, outcome: 'failed', tests: 2, seconds: 2 },
    { number: 3, outcome: 'passed', tests: 1, seconds: 1 },
  ]);
  expect(missing(ran, new Map([[4, 'why']]))).toEqual(Array.from({ length: LAST_CASE - 4 }, (_, index) => index + 5));
});
