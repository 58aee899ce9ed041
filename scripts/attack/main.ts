// make attack: what attackers try, against the three real processes in front of scripted clusters. Prints what was tried and
// what held, and ends with exit code 1 when something did not. TABLES=doors,api,… runs only those.
import { readdirSync, readFileSync } from 'node:fs';
import { boundsTable } from '@trino-gateway/e2e/attack/bounds';
import { doorsTable } from '@trino-gateway/e2e/attack/doors';
import { evilTable } from '@trino-gateway/e2e/attack/evil';
import { openApiTable } from '@trino-gateway/e2e/attack/open-api';
import { printTable, type Row, row, type Table } from '@trino-gateway/e2e/attack/rows';

const ALL_MS = 115_000;
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
// A table that is given up leaves its processes.
process.once('exit', killChildren);
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1));
const began = performance.now();
const all: Row[] = [];
const run = async (name: string) => {
  let table: Table = { title: name, picture: [] };
  const rows: Row[] = [];
  const leftMs = Math.max(1_000, ALL_MS - (performance.now() - began));
  const whole = await row(`${name}: the table came to its end`, leftMs, async () => {
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

/** Every process that this one has started and that still runs. */
function killChildren(): void {
  for (const entry of readdirSync('/proc')) {
    try {
      const parent = / \((?:.*)\) \S (\d+) /s.exec(readFileSync(`/proc/${Number(entry)}/stat`, 'utf8'))?.[1];
      if (Number(parent) === process.pid) process.kill(Number(entry), 'SIGKILL');
    } catch {
      // No process, or one that has just ended.
    }
  }
}
