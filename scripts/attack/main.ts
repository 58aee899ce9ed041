// make attack: what attackers try, against the three real processes in front of scripted clusters. Prints what was tried and
// what held, and ends with exit code 1 when something did not. TABLES=doors,api,… runs only those.
import { boundsTable } from './bounds.ts';
import { doorsTable } from './doors.ts';
import { evilTable } from './evil.ts';
import { openApiTable } from './open-api.ts';
import { printTable, type Row, row, type Table } from './rows.ts';

const TABLE_MS = 75_000;
const TABLES: Readonly<Record<string, (rows: Row[]) => Promise<Table>>> = {
  doors: doorsTable,
  clusters: evilTable,
  api: openApiTable,
  bounds: boundsTable,
};
/** These look at the same machine's load, and run alone. */
const ALONE: ReadonlySet<string> = new Set(['bounds']);

const wanted = process.env.TABLES?.split(',') ?? Object.keys(TABLES);
if (wanted.some((name) => TABLES[name] === undefined)) {
  console.error(`usage: TABLES=${Object.keys(TABLES).join(',')} node scripts/attack/main.ts`);
  process.exit(2);
}
const began = performance.now();
const all: Row[] = [];
const run = async (name: string) => {
  let table: Table = { title: name, picture: [] };
  const rows: Row[] = [];
  const whole = await row(`${name}: the table came to its end`, TABLE_MS, async () => {
    table = (await TABLES[name]?.(rows)) ?? table;
    return `${((performance.now() - began) / 1_000).toFixed(0)} s`;
  });
  rows.push(whole);
  printTable(table, rows);
  all.push(...rows);
};
await Promise.all(wanted.filter((name) => !ALONE.has(name)).map(run));
for (const name of wanted.filter((one) => ALONE.has(one))) await run(name);

const failed = all.filter(({ broken }) => broken !== undefined).length;
console.log(`\n${((performance.now() - began) / 1_000).toFixed(0)} s in all`);
console.log(`${all.length - failed} passed, ${failed} failed`);
process.exit(failed > 0 ? 1 : 0);
