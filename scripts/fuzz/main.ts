// make fuzz CASES=n SEED=n: the readers of packages/wire against Node's own parser, on messages that are made or changed. Where they
// accept, it must accept, with the same lines, body and boundaries. Appends its record to bench/FUZZ.md; ends with exit code 1 when
// there was a difference. The same seed makes the same cases; FIRST begins with that one.
import { appendFile } from 'node:fs/promises';
import { KINDS, runFuzz } from '@trino-gateway/wire/fuzz';
import { allSeeds } from './all-seeds.ts';

const cases = Number(process.env.CASES ?? 1_000_000);
const seed = Number(process.env.SEED ?? Math.floor(Math.random() * 2 ** 32));
const first = Number(process.env.FIRST ?? 0);
if (![cases, seed, first].every((one) => Number.isSafeInteger(one) && one >= 0) || cases === 0) {
  console.error('usage: CASES=n SEED=n [FIRST=n] node scripts/fuzz/main.ts');
  process.exit(2);
}

const EVERY = 250_000;
const MOST_DIFFERENCES = 20;

console.log(`${cases} cases, SEED=${seed}, from case ${first}`);
const began = performance.now();
const seconds = () => (performance.now() - began) / 1_000;
const tallies = runFuzz(
  seed,
  allSeeds,
  (done, differences) => {
    if (done > 0 && done % EVERY === 0) console.log(`${seconds().toFixed(0).padStart(6)} s  ${done} cases`);
    return done >= cases || differences >= MOST_DIFFERENCES;
  },
  first,
);
const { user, system } = process.cpuUsage();
const all = KINDS.map((kind) => tallies[kind]);
const differences = all.flatMap((one) => one.differences);
const sum = (of: (one: (typeof all)[number]) => number) => all.reduce((total, one) => total + of(one), 0);
const { node, llhttp } = process.versions;
const done = sum((one) => one.cases);
const lines = [
  `## ${new Date().toISOString().slice(0, 10)} · ${done} cases · SEED=${seed} · Node ${node}, llhttp ${llhttp}`,
  '',
  '| kind | cases | accepted | messages read whole and compared |',
  '| --- | ---: | ---: | ---: |',
  ...KINDS.map((kind, at) => {
    const { cases: count, accepted, messages } = all[at] as (typeof all)[number];
    return `| ${kind} | ${count} | ${((100 * accepted) / count).toFixed(1)} % | ${messages} |`;
  }),
  '',
  `${differences.length} differences, in ${seconds().toFixed(0)} s (${((user + system) / 1e6).toFixed(0)} s of CPU), from case ${first}.`,
];
console.log(lines.join('\n'));
for (const difference of differences) console.log(`FAILED  ${difference}`);
await appendFile(new URL('../../bench/FUZZ.md', import.meta.url), `\n${lines.join('\n')}\n`);
console.log(`${done - differences.length} passed, ${differences.length} failed`);
process.exit(differences.length > 0 ? 1 : 0);
