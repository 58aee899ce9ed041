import { inPart, pending } from '../pending.ts';
import { missing, type TestResult, verdicts } from './verdicts.ts';

export type { TestResult };

/**
 * The lines that end a run: each case with what became of it, the pending ones with their reasons, what is not shown of others, and one
 * line that counts them.
 * A run of some files tells of what ran there; a whole one also of what is pending, and a case that it misses has failed.
 */
export function reportLines(tests: readonly TestResult[], isWhole: boolean): string[] {
  const ran = verdicts(tests);
  const reasons = isWhole ? reasonsOf(ran) : new Map<number, string>();
  const missed = isWhole ? missing(ran, reasons) : [];
  const partly = ran.filter(({ number, outcome }) => outcome === 'passed' && inPart.has(number));
  const failed = ran.filter(({ outcome }) => outcome === 'failed').length;
  return [
    ...ran.map(
      ({ number, outcome, tests: count, seconds }) =>
        `case ${String(number).padStart(3)}  ${outcome}  ${`${count}`.padStart(4)} tests ${seconds.toFixed(1).padStart(7)} s`,
    ),
    ...missed.map((number) => `case ${String(number).padStart(3)}  failed  no test of it ran`),
    ...[...reasons].map(([number, reason]) => `case ${String(number).padStart(3)}  pending  ${reason}`),
    ...partly.map(({ number }) => `case ${String(number).padStart(3)}  in part  ${inPart.get(number)}`),
    `conformance: ${ran.length - failed} passed${partly.length > 0 ? ` (${partly.length} in part)` : ''}, ` +
      `${failed + missed.length} failed, ${reasons.size} pending`,
  ];
}

/** Why each case that did not run is pending. */
function reasonsOf(ran: readonly { number: number }[]): Map<number, string> {
  const shown = new Set(ran.map(({ number }) => number));
  return new Map([...pending].filter(([number]) => !shown.has(number)).sort(([one], [other]) => one - other));
}
