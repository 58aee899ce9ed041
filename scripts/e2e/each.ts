// make e2e-each: what make e2e runs, file by file, so that none hides what becomes of another; then what became of every case, over all
// files. Appends a record to packages/e2e/RECORDS.md, unless RECORD is empty. REPORTS names a folder that keeps jest's reports: a file
// whose report is there is not run again.
// make e2e-long: the files whose cases name large numbers, with those numbers.
// ONLY=attacks,queueing.long picks files.
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type FileRun, fileLines, fullNumbers, readJestReport, reportLines } from '@trino-gateway/e2e/conformance/runs';
import { findJdk } from '@trino-gateway/testing/trino/jdk';
import { chosenVersion, OLDEST_JAVA } from '@trino-gateway/testing/trino/versions';
import { keepRecord, runReal } from './run-real.ts';

const END = '.test.ts';
const isFull = process.argv.includes('--full');
const { REPORTS, ONLY = '' } = process.env;
const picked = ONLY.split(',').filter((name) => name !== '');
const version = chosenVersion();
const java = await findJdk(OLDEST_JAVA[version]);
const folder = REPORTS ?? (await mkdtemp(join(tmpdir(), 'trino-gateway-e2e-')));
try {
  await mkdir(folder, { recursive: true });
  const names = isFull ? Object.keys(fullNumbers) : await allFiles();
  const runs: FileRun[] = [];
  for (const name of names)
    if (picked.length === 0 || picked.some((one) => name.endsWith(`/${one}`))) runs.push(await runFile(name));
  const tests = runs.flatMap((run) => run.tests);
  const isWhole = !isFull && picked.length === 0;
  const cases = reportLines(tests, isWhole);
  console.log(cases.join('\n'));
  const told = isWhole ? cases.filter((line) => !/^case +\d+ +passed/.test(line)) : cases.slice(-1);
  await keepRecord(`Trino ${version} · Java ${java.version} · ${isFull ? 'full numbers' : 'file by file'}`, [
    ...runs.flatMap(fileLines),
    ...told.map((line) => `- ${line.replaceAll(/ {2,}/g, ' ')}`),
  ]);
  process.exitCode = tests.length === 0 || tests.some(({ status }) => status === 'failed') ? 1 : 0;
} finally {
  if (REPORTS === undefined) await rm(folder, { recursive: true, force: true });
}

/** All that make e2e runs, in order. */
async function allFiles(): Promise<string[]> {
  const found = await Promise.all(
    ['conformance', 'real'].map(async (room) =>
      (await readdir(join('packages/e2e', room)))
        .filter((file) => file.endsWith(END))
        .sort()
        .map((file) => `${room}/${file.slice(0, -END.length)}`),
    ),
  );
  return found.flat();
}

async function runFile(name: string): Promise<FileRun> {
  const numbers = isFull ? numbersOf(name) : {};
  const report = join(folder, `${isFull ? 'full-' : ''}${name.replace('/', '-')}.json`);
  if (!existsSync(report)) await runReal(report, [`packages/e2e/${name}${END}`], { PAIRS: '', ...numbers });
  const how = Object.entries(numbers).map(([key, value]) => `${key}=${value}`);
  const broken = { tests: [{ groups: [], title: 'jest wrote no report', status: 'failed', seconds: 0 }], seconds: 0 };
  return { name: [name, ...how].join(' '), ...(existsSync(report) ? await readJestReport(report) : broken) };
}

/** Those of the environment go before. */
function numbersOf(name: string): Record<string, string> {
  const entries = Object.entries(fullNumbers[name] ?? {});
  return Object.fromEntries(entries.map(([key, value]) => [key, process.env[key] ?? value]));
}
