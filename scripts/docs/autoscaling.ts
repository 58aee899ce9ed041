// Writes the table of simulated days into docs/autoscaling.md.
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { runAll, SEED, tableOf, withTable } from '@trino-gateway/scaling/simulation';

const page = fileURLToPath(new URL('../../docs/autoscaling.md', import.meta.url));
writeFileSync(page, withTable(readFileSync(page, 'utf8'), tableOf(runAll(SEED), SEED)));
