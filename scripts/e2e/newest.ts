// make e2e-newest: the conformance cases for real clusters and the clients' matrix on the newest Trino that can be assembled, with
// and without `http-server.process-forwarded`, file by file. Appends what came of it to packages/e2e/RECORDS.md, unless RECORD is
// empty. REPORTS names a folder that keeps jest's reports: a file whose report is there is not run again. ONLY=raw,clients picks files.
import { join } from 'node:path';
import { type NewestRun, namesOf, realCases, recordLines } from '@trino-gateway/e2e/conformance/newest';
import { findJdk } from '@trino-gateway/testing/trino/jdk';
import { NEWEST_VERSION, OLDEST_JAVA } from '@trino-gateway/testing/trino/versions';
import { allFiles, pickedOf, runFile, withReports } from './file-by-file.ts';
import { keepRecord } from './run-real.ts';

const java = await findJdk(OLDEST_JAVA[NEWEST_VERSION]);
const files = pickedOf(await allFiles());
await withReports(async (folder) => {
  const runs = [
    // Its listeners lead to both kinds of cluster.
    await run(folder, 'clusters that trust X-Forwarded-*', { processForwarded: true, withMatrix: true }),
    await run(folder, 'shared clusters that refuse X-Forwarded-*', { processForwarded: false, withMatrix: false }),
  ];
  await keepRecord(`Trino ${NEWEST_VERSION} · Java ${java.version}`, recordLines(runs));
  const tests = runs.flatMap((one) => one.tests);
  const count = (status: string) => tests.filter((one) => one.status === status).length;
  console.log(`${count('passed')} passed, ${count('failed')} failed`);
  process.exitCode = count('failed') > 0 || count('passed') === 0 ? 1 : 0;
});

async function run(
  folder: string,
  name: string,
  { processForwarded, withMatrix }: { processForwarded: boolean; withMatrix: boolean },
): Promise<NewestRun> {
  const args = ['--testNamePattern', namesOf(realCases, withMatrix)];
  const kind = processForwarded ? 'forwarded' : 'not-forwarded';
  const env = {
    TRINO_GATEWAY_TRINO: NEWEST_VERSION,
    ...(processForwarded ? {} : { TRINO_GATEWAY_PROCESS_FORWARDED: 'false' }),
  };
  const each: Omit<NewestRun, 'name'>[] = [];
  for (const file of files) {
    const report = join(folder, `newest-${kind}-${file.replace('/', '-')}.json`);
    each.push(await runFile(file, { report, args, env }));
  }
  return {
    name,
    tests: each.flatMap(({ tests }) => tests),
    seconds: each.reduce((sum, { seconds }) => sum + seconds, 0),
  };
}
