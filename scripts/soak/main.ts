// make soak MINUTES=n: the suite under all that clients do, then without any: what it took for them must have gone back. Ends with
// exit code 1 when something has not, or an answer was wrong. SEED repeats what clients did, CLIENTS says how many there are,
// RECORD=FILE appends the result to a document.
import { runSoak } from '@trino-gateway/e2e/soak';
import { beginReport, brokenOff } from '../chaos/report.ts';

const minutes = Number(process.env.MINUTES ?? 2);
const seed = Number(process.env.SEED ?? Math.floor(Math.random() * 2 ** 32));
const clients = Number(process.env.CLIENTS ?? 24);
if (!(minutes >= 1) || !Number.isInteger(seed) || !(clients > 0)) {
  console.error('usage: MINUTES=n SEED=n CLIENTS=n [RECORD=FILE] node scripts/soak/main.ts; one minute at least');
  process.exit(2);
}
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1));

const { say, progress, end } = beginReport(`${minutes} minutes · SEED=${seed} · ${clients} clients`);
await end(await runSoak({ minutes, seed, clients, say, progress }).catch(brokenOff));
