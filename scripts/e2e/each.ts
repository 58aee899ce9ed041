// make e2e-each: what make e2e runs, file by file, so that none hides what becomes of another; then what became of every case, over all
// files. Appends a record to packages/e2e/RECORDS.md, unless RECORD is empty. REPORTS names a folder that keeps jest's reports: a file
// whose report is there is not run again.
// make e2e-long: the files whose cases name large numbers, with those numbers.
// ONLY=attacks,queueing.long picks files.
import { join } from 'node:path';
import { type FileRun, fileLines, fullNumbers, reportLines } from '@trino-gateway/e2e/conformance/runs';
import { findJdk } from '@trino-gateway/testing/trino/jdk';
import { chosenVersion, OLDEST_JAVA } from '@trino-gateway/testing/trino/versions';
import { allFiles, isPicked, pickedOf, runFile, withReports } from './file-by-file.ts';
import { keepRecord } from './run-real.ts';

const isFull = process.argv.includes('--full');
const version = chosenVersion();
const java = await findJdk(OLDEST_JAVA[version]);
await withReports(async (folder) => {
  const runs: FileRun[] = [];
  for (const name of pickedOf(isFull ? Object.keys(fullNumbers) : await allFiles())) {
    const env = isFull ? numbersOf(name) : {};
    const how = Object.entries(env).map(([key, value]) => `${key}=${value}`);
    const report = join(folder, `${isFull ? 'full-' : ''}${name.replace('/', '-')}.json`);
    runs.push({ name: [name, ...how].join(' '), ...(await runFile(name, { report, env })) });
  }
  const tests = runs.flatMap((run) => run.tests);
  const isWhole = !isFull && !isPicked;
  const cases = reportLines(tests, isWhole);
  console.log(cases.join('\n'));
  const told = isWhole ? cases.filter((line) => !/^case +\d+ +passed/.test(line)) : cases.slice(-1);
  await keepRecord(`Trino ${version} · Java ${java.version} · ${isFull ? 'full numbers' : 'file by file'}`, [
    ...runs.flatMap(fileLines),
    ...told.map((line) => `- ${line.replaceAll(/ {2,}/g, ' ')}`),
  ]);
  process.exitCode = tests.length === 0 || tests.some(({ status }) => status === 'failed') ? 1 : 0;
});

/** Those of the environment go before. */
function numbersOf(name: string): Record<string, string> {
  const entries = Object.entries(fullNumbers[name] ?? {});
  return Object.fromEntries(entries.map(([key, value]) => [key, process.env[key] ?? value]));
}
