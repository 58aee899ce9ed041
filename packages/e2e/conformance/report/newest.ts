import { pending } from '../pending.ts';
import { LAST_CASE } from './case-numbers.ts';
import { type TestResult, verdicts } from './verdicts.ts';

export type { TestResult };

/** The cases that a scripted Trino alone can show. All others are run on real ones. */
const scripted: ReadonlySet<number> = new Set([
  46, 47, 57, 63, 64, 65, 68, 73, 74, 100, 101, 102, 103, 104, 105, 106, 107, 108,
]);

/** The cases that are shown on real clusters. */
export const realCases: readonly number[] = Array.from({ length: LAST_CASE }, (_, at) => at + 1).filter(
  (number) => !scripted.has(number),
);

/** How the tests of the clients' matrix begin: each client, whatever it is run on. */
const MATRIX = 'gets what a direct run gives';

/** How the tests of an older web UI begin; `newest.long.test.ts` has the same cases for the newest. */
const OLDER_UI = 'the web UI of 476 ';

/** The names of tests that show one of these cases, and of the clients' matrix if that is wanted: a regular expression. */
export function namesOf(cases: readonly number[], withMatrix: boolean): string {
  const shown = `case (\\d+, )*(${cases.join('|')})[,:]`;
  return `^(?!${OLDER_UI}).*(${withMatrix ? `${shown}|${MATRIX}` : shown})`;
}

/** One run of them. */
export type NewestRun = { name: string; tests: readonly TestResult[]; seconds: number };

/** What is printed and written down of the runs: counts, and the name of what failed. Cases that no run showed are pending. */
export function recordLines(runs: readonly NewestRun[]): string[] {
  const shown = new Set(runs.flatMap(({ tests }) => verdicts(tests).map(({ number }) => number)));
  const left = realCases.filter((number) => !shown.has(number));
  return [
    ...runs.flatMap(linesOf),
    ...byReason(left).map(([reason, numbers]) => `- pending, ${reason}: ${numbers.join(', ')}`),
    `- ${left.length} of the ${realCases.length} cases for real clusters are pending`,
  ];
}

function linesOf({ name, tests, seconds }: NewestRun): string[] {
  const cases = verdicts(tests).filter(({ number }) => !scripted.has(number));
  const failed = cases.filter(({ outcome }) => outcome === 'failed').map(({ number }) => number);
  const matrix = tests.filter(({ title, status }) => title.includes(MATRIX) && /^(passed|failed)$/.test(status));
  const passed = matrix.filter(({ status }) => status === 'passed').length;
  const broken = tests.filter(({ status }) => status === 'failed');
  return [
    `- ${name}: cases ${cases.length - failed.length} passed, ${failed.length} failed${failed.length > 0 ? ` (${failed.join(', ')})` : ''}` +
      `${matrix.length > 0 ? `; clients' matrix ${passed} of ${matrix.length} passed` : ''}; ${Math.round(seconds)} s`,
    ...broken.map(({ groups, title }) => `  - failed: ${[...groups, title].join(' › ')}`),
  ];
}

function byReason(numbers: readonly number[]): [string, number[]][] {
  const reasons = new Map<string, number[]>();
  for (const number of numbers) {
    const reason = pending.get(number) ?? 'no test of it ran';
    reasons.set(reason, [...(reasons.get(reason) ?? []), number]);
  }
  return [...reasons];
}
