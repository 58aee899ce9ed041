// make soak MINUTES=n: the suite under all that clients do, then without any: what it took for them must have gone back. Ends with
// exit code 1 when something has not, or an answer was wrong. SEED repeats what clients did, CLIENTS says how many there are,
// RECORD=FILE appends the result to a document.
import { appendFile } from 'node:fs/promises';
import { runSoak } from '@trino-gateway/e2e/soak';

const minutes = Number(process.env.MINUTES ?? 2);
const seed = Number(process.env.SEED ?? Math.floor(Math.random() * 2 ** 32));
const clients = Number(process.env.CLIENTS ?? 24);
if (!(minutes >= 1) || !Number.isInteger(seed) || !(clients > 0)) {
  console.error('usage: MINUTES=n SEED=n CLIENTS=n [RECORD=FILE] node scripts/soak/main.ts; one minute at least');
  process.exit(2);
}
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1));

const lines: string[] = [];
const say = (line: string) => {
  lines.push(line);
  console.log(line);
};
const began = performance.now();
const progress = (line: string) =>
  console.log(`${((performance.now() - began) / 1_000).toFixed(0).padStart(5)} s  ${line}`);

say(`## ${new Date().toISOString()} · ${minutes} minutes · SEED=${seed} · ${clients} clients`);
const verdicts = await runSoak({ minutes, seed, clients, say, progress }).catch((error: unknown) => {
  console.error(error);
  return [
    { name: 'the run came to its end', holds: false, text: error instanceof Error ? error.message : String(error) },
  ];
});
for (const { name, holds, text } of verdicts) say(`- ${holds ? 'holds' : 'BROKEN'}: ${name}: ${text}`);
const failed = verdicts.filter(({ holds }) => !holds).length;
say(`${verdicts.length - failed} passed, ${failed} failed`);
if (process.env.RECORD) await appendFile(process.env.RECORD, `${lines.join('\n')}\n\n`);
process.exit(failed > 0 ? 1 : 0);
