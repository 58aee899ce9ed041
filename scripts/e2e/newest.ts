// make e2e-newest: the conformance cases for real clusters and the clients' matrix on the newest Trino that can be assembled, with
// and without `http-server.process-forwarded`. Appends what came of it to packages/e2e/RECORDS.md, unless RECORD is empty.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type NewestRun, namesOf, realCases, recordLines } from '@trino-gateway/e2e/conformance/newest';
import { readJestReport } from '@trino-gateway/e2e/conformance/runs';
import { findJdk } from '@trino-gateway/testing/trino/jdk';
import { NEWEST_VERSION, OLDEST_JAVA } from '@trino-gateway/testing/trino/versions';
import { keepRecord, runReal } from './run-real.ts';

const java = await findJdk(OLDEST_JAVA[NEWEST_VERSION]);
const folder = await mkdtemp(join(tmpdir(), 'trino-gateway-newest-'));
try {
  const runs = [
    // Its listeners lead to both kinds of cluster.
    await run('clusters that trust X-Forwarded-*', {}, true),
    await run('shared clusters that refuse X-Forwarded-*', { TRINO_GATEWAY_PROCESS_FORWARDED: 'false' }, false),
  ];
  await keepRecord(`Trino ${NEWEST_VERSION} · Java ${java.version}`, recordLines(runs));
  const tests = runs.flatMap((one) => one.tests);
  const count = (status: string) => tests.filter((one) => one.status === status).length;
  console.log(`${count('passed')} passed, ${count('failed')} failed`);
  process.exitCode = count('failed') > 0 || count('passed') === 0 ? 1 : 0;
} finally {
  await rm(folder, { recursive: true, force: true });
}

async function run(name: string, more: NodeJS.ProcessEnv, withMatrix: boolean): Promise<NewestRun> {
  const report = join(folder, 'report.json');
  await runReal(report, ['--testNamePattern', namesOf(realCases, withMatrix)], {
    PAIRS: '',
    TRINO_GATEWAY_TRINO: NEWEST_VERSION,
    ...more,
  });
  return { name, ...(await readJestReport(report)) };
}
