import { parseArgs } from 'node:util';
import { openMillion } from './million/database.ts';
import { fillHistory } from './million/fill.ts';
import { measurePages } from './million/pages.ts';
import { measurePurge } from './million/purge.ts';
import { NotFetchedError } from './not-fetched.ts';

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
  console.error(`usage: node scripts/databases/million-rows.ts [--rows N] [${ENGINES.join('] [')}]`);
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
    if (!(error instanceof NotFetchedError)) process.exitCode = 1;
  }
}
