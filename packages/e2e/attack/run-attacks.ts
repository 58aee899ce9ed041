import { openApiTable } from './api/open-api.ts';
import { boundsTable } from './bounds/bounds.ts';
import { maliciousClustersTable } from './clusters/malicious-clusters.ts';
import { entryPointsTable } from './entry-points/entry-points.ts';
import { printTable, type Row, row, type Table } from './support/rows.ts';

const TABLES = {
  'entry-points': entryPointsTable,
  clusters: maliciousClustersTable,
  api: openApiTable,
  bounds: boundsTable,
} as const satisfies Record<string, (rows: Row[]) => Promise<Table>>;

/** The themes of attacks. */
export type Theme = keyof typeof TABLES;
export const THEMES = Object.keys(TABLES) as Theme[];

/** These measure the load of the machine, and run alone. */
const ALONE: ReadonlySet<Theme> = new Set(['bounds']);
const ALL_MS = 115_000;

/** Tries these themes, prints a table of each, and counts what held and what did not. */
export async function runAttacks(themes: readonly Theme[]): Promise<{ passed: number; failed: number }> {
  const began = performance.now();
  const all: Row[] = [];
  const run = async (theme: Theme) => {
    let table: Table = { title: theme, picture: [] };
    const rows: Row[] = [];
    const leftMs = Math.max(1_000, ALL_MS - (performance.now() - began));
    const whole = await row(`${theme}: the table came to its end`, leftMs, async () => {
      table = await TABLES[theme](rows);
      return `${((performance.now() - began) / 1_000).toFixed(0)} s`;
    });
    rows.push(whole);
    printTable(table, rows);
    all.push(...rows);
  };
  await Promise.all(themes.filter((theme) => !ALONE.has(theme)).map(run));
  for (const theme of themes.filter((one) => ALONE.has(one))) await run(theme);
  const failed = all.filter(({ broken }) => broken !== undefined).length;
  console.log(`\n${((performance.now() - began) / 1_000).toFixed(0)} s in all`);
  return { passed: all.length - failed, failed };
}
