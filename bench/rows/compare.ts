import type { Contender } from '../contenders/contender.ts';
import { type LoadName, type LoadOptions, program } from '../load/load.ts';
import { type Bench, type Costed, costedRun, median, sayTable, steadyRun } from './run.ts';

/** A row of the bench: the same load for several contenders in turn. */
export type ComparedRow = {
  name: string;
  what: string;
  load: LoadName;
  options: Omit<LoadOptions, 'seconds'>;
  /** Over TLS from the client to the contender. */
  tls?: true;
  /** Names of contenders; those that are not there are left out. */
  among: readonly string[];
};

/** Runs the contenders in turn, A B A B, so that a machine that slows down slows all of them down; medians of the rounds. */
export async function compare(row: ComparedRow, contenders: readonly Contender[], bench: Bench): Promise<void> {
  const { say, seconds, rounds } = bench;
  if (program === undefined && (row.options.gzip || row.load === 'pages')) {
    say(`${row.what}: not measured, the load for it needs Go.\n`);
    return;
  }
  const chosen = contenders.flatMap(({ name, url, tls, pids, warmsUp }) => {
    const where = row.tls ? tls : { url };
    if (where === undefined || !row.among.includes(name)) return [];
    return [{ name, warmsUp, run: () => costedRun(row.load, where, { ...row.options, seconds }, pids) }];
  });
  for (const { warmsUp, run } of chosen) if (warmsUp) await steadyRun(run);
  const samples = new Map<string, Costed[]>();
  for (let round = 0; round < rounds; round++)
    for (const { name, run } of chosen) samples.set(name, [...(samples.get(name) ?? []), await run()]);
  const medians = new Map([...samples].map(([name, runs]) => [name, median(runs)]));
  const unit = row.load === 'pages' ? ofPages : ofRequests;
  const rows = [...medians].map(([name, one]) => [name, ...cells(one, medians, row.options.rate !== undefined, unit)]);
  sayTable(say, [row.what, unit.rate, ...HEAD.slice(0, 3), unit.cpu, ...HEAD.slice(3)], rows);
  const load = medians.get('direct')?.loadMicros;
  if (load !== undefined) say(`The load itself takes ${load.toFixed(load < 100 ? 1 : 0)} µs each.\n`);
}

const HEAD = [
  'of direct',
  'of nginx',
  'of haproxy',
  "of nginx's CPU",
  'p50 ms',
  'p99 ms',
  'added p50 ms',
  'added p99 ms',
];

type Unit = { rate: string; cpu: string; rateOf: (run: Costed) => string; cpuOf: (run: Costed) => string };

const ofRequests: Unit = {
  rate: 'a second',
  cpu: 'CPU µs each',
  rateOf: ({ perSecond }) => perSecond.toFixed(0),
  cpuOf: ({ cpuMicros }) => cpuMicros.toFixed(cpuMicros < 100 ? 1 : 0),
};

const ofPages: Unit = {
  rate: 'MB a second',
  cpu: 'CPU ms each',
  rateOf: ({ bytes, count, perSecond }) => ((bytes / 1_000_000 / count) * perSecond).toFixed(0),
  cpuOf: ({ cpuMicros }) => (cpuMicros / 1_000).toFixed(1),
};

function cells(one: Costed, all: ReadonlyMap<string, Costed>, atFixedRate: boolean, { rateOf, cpuOf }: Unit): string[] {
  const ofOther = (name: string, pick: (run: Costed) => number) => {
    const other = all.get(name);
    return other === undefined ? '–' : (pick(one) / pick(other)).toFixed(2);
  };
  const added = (pick: (run: Costed) => number) => {
    const direct = all.get('direct');
    return direct === undefined ? '–' : (pick(one) - pick(direct)).toFixed(2);
  };
  const rates = ['direct', 'nginx', 'haproxy'].map((name) =>
    atFixedRate ? '–' : ofOther(name, (run) => run.perSecond),
  );
  return [
    rateOf(one),
    ...rates,
    cpuOf(one),
    atFixedRate ? '–' : ofOther('nginx', (run) => run.cpuMicros), // too little work to count it in ticks of 10 ms
    one.p50Ms.toFixed(2),
    one.p99Ms.toFixed(2),
    added((run) => run.p50Ms),
    added((run) => run.p99Ms),
  ];
}
