import { caseNumbers, LAST_CASE } from './case-numbers.ts';

/** What a runner says of one test; `groups` are the titles of what it stands in. */
export type TestResult = { groups: readonly string[]; title: string; status: string; seconds: number };

/** What became of a case: it failed when one of its tests did. */
type Verdict = { number: number; outcome: 'passed' | 'failed'; tests: number; seconds: number };

/** The cases that ran, in order. A test that was left out counts as none. */
export function verdicts(tests: readonly TestResult[]): Verdict[] {
  const found = new Map<number, Verdict>();
  for (const { groups, title, status, seconds } of tests) {
    if (status !== 'passed' && status !== 'failed') continue;
    for (const number of new Set([...groups, title].flatMap(caseNumbers))) {
      const known = found.get(number) ?? { number, outcome: 'passed', tests: 0, seconds: 0 };
      found.set(number, {
        number,
        outcome: status === 'failed' ? 'failed' : known.outcome,
        tests: known.tests + 1,
        seconds: known.seconds + seconds,
      });
    }
  }
  return [...found.values()].sort((one, other) => one.number - other.number);
}

/** Cases that did not run, although nothing says why they could not. */
export function missing(ran: readonly { number: number }[], pending: ReadonlyMap<number, string>): number[] {
  const known = new Set([...ran.map(({ number }) => number), ...pending.keys()]);
  return Array.from({ length: LAST_CASE }, (_, index) => index + 1).filter((number) => !known.has(number));
}
