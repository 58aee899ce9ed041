import { parseArgs } from 'node:util';
import { MissingToolError } from '@trino-gateway/testing/toolchains/missing-tool';
import { openMillion } from './database.ts';
import { fillHistory } from './fill.ts';
import { measurePages } from './pages.ts';
import { measurePurge } from './purge.ts';

// Fills the history of one database after the other and looks whether every list comes quickly, by an index, and whether
// submissions notice the purge. For a quiet machine: it ends with exit code 1 when a page takes 100 ms.

const ENGINES = ['sqlite', 'mysql', 'mariadb', 'postgres'] as const;
const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: { rows: { type: 'string', default: '1000000' } },
});
const rows = Number(values.rows);
const unknown = positionals.filter((name) => !ENGINES.some((engine) => engine === name));
if (unknown.length > 0 || !Number.isInteger(rows) || rows < 1) {
  console.error(`usage: node services/gatewayserver/tests/million/main.ts [--rows N] [${ENGINES.join('] [')}]`);
  process.exit(2);
}
const asked = ENGINES.filter((name) => (positionals.length === 0 ? name !== 'mariadb' : positionals.includes(name)));
for (const engine of asked) {
  try {
    await using million = await openMillion(engine);
    const newest = await fillHistory(million, rows);
    if (!(await measurePages(million, newest, rows))) process.exitCode = 1;
    if (!(await measurePurge(million, newest, rows))) process.exitCode = 1;
  } catch (error) {
    console.log(`${engine}: ${error instanceof Error ? error.message : String(error)}`);
    if (!(error instanceof MissingToolError)) process.exitCode = 1;
  }
}
