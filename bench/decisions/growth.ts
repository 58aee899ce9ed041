// node bench/decisions/growth.ts: how the CPU of one decision grows with what the configuration holds, as a table of Markdown. The
// others of the three stay at ten; CPU, not time, so that what else the machine does counts less.
import { decisionsOver, type Sizes } from './decisions.ts';

const SIZES = [10, 100, 1_000, 10_000];
const FEW: Sizes = { backends: 10, groups: 10, policies: 10 };
const [ONE_MATCHES, NONE_MATCHES] = [10_000, 1];
const LEAST_MICROS = 300_000;
const ROUNDS = 5;
/** So that looking at the clock costs nothing. */
const AT_ONCE = 100;

const rows: readonly (readonly [name: string, grows: keyof Sizes, port: number])[] = [
  ['backends, all in the group that is chosen', 'backends', NONE_MATCHES],
  ['backends, two in the group that is chosen', 'backends', ONE_MATCHES],
  ['groups', 'groups', ONE_MATCHES],
  ['policies, one of which matches', 'policies', ONE_MATCHES],
];

console.log(`| CPU µs of one decision, by how many | ${SIZES.map((size) => size.toLocaleString('en')).join(' | ')} |`);
console.log(`| --- |${SIZES.map(() => ' ---: |').join('')}`);
for (const [name, grows, port] of rows) {
  const costs = SIZES.map((size) => {
    const ask = decisionsOver({ ...FEW, [grows]: size });
    return median(Array.from({ length: ROUNDS }, () => cpuMicros(() => ask(port))));
  });
  console.log(`| ${name} | ${costs.map((cost) => cost.toFixed(1)).join(' | ')} |`);
}

/** Of one, over as many as take a while. */
function cpuMicros(work: () => { kind: string }): number {
  const began = process.cpuUsage();
  for (let count = AT_ONCE; ; count += AT_ONCE) {
    for (let left = AT_ONCE; left > 0; left--)
      if (work().kind !== 'chosen') throw new Error('a decision of the bench chose nothing');
    const { user, system } = process.cpuUsage(began);
    if (user + system > LEAST_MICROS) return (user + system) / count;
  }
}

function median(values: number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1] ?? Number.NaN;
}
