// Writes docs/metrics.md from what the processes offer.
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { metricsPage } from './metrics-page.ts';

writeFileSync(fileURLToPath(new URL('../../docs/metrics.md', import.meta.url)), metricsPage());
