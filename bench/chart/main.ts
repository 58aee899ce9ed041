// node bench/chart/main.ts: draws docs/performance.svg from the newest record of bench/RESULTS.md.
import { readFile, writeFile } from 'node:fs/promises';
import { drawChart, newestRows } from './chart.ts';

const results = await readFile(new URL('../RESULTS.md', import.meta.url), 'utf8');
await writeFile(new URL('../../docs/performance.svg', import.meta.url), drawChart(newestRows(results)));
