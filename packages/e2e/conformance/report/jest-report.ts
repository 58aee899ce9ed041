import { readFile } from 'node:fs/promises';
import type { TestResult } from './verdicts.ts';

type Report = {
  startTime: number;
  testResults: { name: string; status: string; endTime: number; assertionResults: Assertion[] }[];
};
type Assertion = { ancestorTitles: string[]; title: string; status: string; duration?: number };

/** What jest wrote to a file with `--json --outputFile`. A file that broke before its tests ran counts as one that failed. */
export async function readJestReport(path: string): Promise<{ tests: TestResult[]; seconds: number }> {
  const { startTime, testResults }: Report = JSON.parse(await readFile(path, 'utf8'));
  const tests = testResults.flatMap(({ name, status, assertionResults }) =>
    status === 'failed' && assertionResults.length === 0
      ? [{ groups: [], title: name, status: 'failed', seconds: 0 }]
      : assertionResults.map(({ ancestorTitles, title, status: outcome, duration }) => ({
          groups: ancestorTitles,
          title,
          status: outcome,
          seconds: (duration ?? 0) / 1_000,
        })),
  );
  const ended = Math.max(startTime, ...testResults.map(({ endTime }) => endTime));
  return { tests, seconds: (ended - startTime) / 1_000 };
}
