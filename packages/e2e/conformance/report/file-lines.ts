import type { TestResult } from './verdicts.ts';

/** The run of one file. */
export type FileRun = { name: string; tests: readonly TestResult[]; seconds: number };

/** What is written down of it: counts, and the names of what failed. */
export function fileLines({ name, tests, seconds }: FileRun): string[] {
  const count = (status: string) => tests.filter((one) => one.status === status).length;
  const broken = tests.filter(({ status }) => status === 'failed');
  return [
    `- ${name}: ${count('passed')} passed, ${count('failed')} failed; ${Math.round(seconds)} s`,
    ...broken.map(({ groups, title }) => `  - failed: ${[...groups, title].join(' › ')}`),
  ];
}
