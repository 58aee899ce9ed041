// make e2e-newest: the conformance cases for real clusters and the clients' matrix on the newest Trino that can be assembled, with
// and without `http-server.process-forwarded`. Appends what came of it to packages/e2e/RECORDS.md, unless RECORD is empty.
import { appendFile, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type NewestRun,
  namesOf,
  realCases,
  recordLines,
  type TestResult,
} from '@trino-gateway/e2e/conformance/newest';
import { startProgram } from '@trino-gateway/testing/processes/start-program';
import { findJdk } from '@trino-gateway/testing/trino/jdk';
import { NEWEST_VERSION, OLDEST_JAVA } from '@trino-gateway/testing/trino/versions';

const RECORD = process.env.RECORD ?? 'packages/e2e/RECORDS.md';
const java = await findJdk(OLDEST_JAVA[NEWEST_VERSION]);
const folder = await mkdtemp(join(tmpdir(), 'trino-gateway-newest-'));
try {
  const runs = [
    // Its listeners lead to both kinds of cluster.
    await run('clusters that trust X-Forwarded-*', {}, true),
    await run('shared clusters that refuse X-Forwarded-*', { TRINO_GATEWAY_PROCESS_FORWARDED: 'false' }, false),
  ];
  const date = new Date().toISOString().slice(0, 16).replace('T', ' ');
  const lines = [
    `## ${date} UTC · Trino ${NEWEST_VERSION} · Java ${java.version} · Node ${process.version}`,
    '',
    ...recordLines(runs),
  ];
  console.log(lines.join('\n'));
  if (RECORD !== '') await appendFile(RECORD, `\n${lines.join('\n')}\n`);
  const tests = runs.flatMap((one) => one.tests);
  const count = (status: string) => tests.filter((one) => one.status === status).length;
  console.log(`${count('passed')} passed, ${count('failed')} failed`);
  process.exitCode = count('failed') > 0 || count('passed') === 0 ? 1 : 0;
} finally {
  await rm(folder, { recursive: true, force: true });
}

async function run(name: string, more: NodeJS.ProcessEnv, withMatrix: boolean): Promise<NewestRun> {
  const report = join(folder, 'report.json');
  const began = performance.now();
  const program = await startProgram({
    command: process.execPath,
    args: [
      ...['--experimental-vm-modules', '--disable-warning=ExperimentalWarning', 'node_modules/jest/bin/jest.js'],
      ...['--selectProjects', 'real', '--runInBand', '--testTimeout', '900000', '--json', '--outputFile', report],
      ...['--testNamePattern', namesOf(realCases, withMatrix)],
    ],
    env: { ...process.env, PAIRS: '', TRINO_GATEWAY_TRINO: NEWEST_VERSION, ...more },
    onLine: (line) => console.log(line),
  });
  await program.ended;
  const seconds = (performance.now() - began) / 1_000;
  return { name, seconds, tests: await resultsOf(report) };
}

type Report = { testResults: { name: string; message: string; status: string; assertionResults: Assertion[] }[] };
type Assertion = { ancestorTitles: string[]; title: string; status: string; duration?: number };

/** A file that broke before its tests ran counts as one that failed. */
async function resultsOf(report: string): Promise<TestResult[]> {
  const { testResults }: Report = JSON.parse(await readFile(report, 'utf8'));
  return testResults.flatMap(({ name, status, assertionResults }) =>
    status === 'failed' && assertionResults.length === 0
      ? [{ groups: [], title: name, status: 'failed', seconds: 0 }]
      : assertionResults.map(({ ancestorTitles, title, status: outcome, duration }) => ({
          groups: ancestorTitles,
          title,
          status: outcome,
          seconds: (duration ?? 0) / 1_000,
        })),
  );
}
