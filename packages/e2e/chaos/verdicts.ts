import type { AdmissionRows } from './admission-rows.ts';
import type { Seen } from './clients/chaos-clients.ts';
import type { ChaosCluster } from './clusters/chaos-cluster.ts';
import type { Peaks } from './processes/memory.ts';

/** One promise, whether it was kept, and what was seen. */
export type Verdict = { name: string; holds: boolean; text: string };

const MOST_TOLD = 3;
const LEAST_RIGHT = 10;
const MOST_GROWTH = 1.2;
/** A short run ends before what has ended is forgotten: so much is more to remember, and no leak. */
const REMEMBERED_MB = 40;

const some = (list: readonly string[], otherwise: string) => list.slice(0, MOST_TOLD).join('; ') || otherwise;

/** No query too many, none twice, and everybody their own result. */
export function queryVerdicts(clusters: readonly ChaosCluster[], { outcomes, complaints }: Seen): Verdict[] {
  const begun = clusters.flatMap((cluster) => cluster.begun);
  const twice = [...Map.groupBy(begun, (number) => number)].filter(([, times]) => times.length > 1);
  const excesses = clusters.flatMap((cluster) => cluster.excesses);
  const marks = clusters.map(({ id, highWaterMark }) => `${id} ${highWaterMark}`).join(', ');
  const right = outcomes.get('right') ?? 0;
  return [
    {
      name: 'no cluster got more than its limit',
      holds: excesses.length === 0,
      text: some(excesses, `at most ${marks}`),
    },
    {
      name: 'no statement ran twice',
      holds: twice.length === 0,
      text: `${begun.length} began; ${twice.length} more than once`,
    },
    {
      name: 'every client that stayed got its own result, and nobody lost a place or a link',
      holds: complaints.length === 0,
      text: some(complaints, 'all'),
    },
    { name: 'something was done at all', holds: right > LEAST_RIGHT, text: `${right} right results` },
  ];
}

/** Whether all counts were zero in the end, and what the database holds then. */
export function restVerdicts(unrest: string | undefined, rows: AdmissionRows, mayRemember: boolean): Verdict[] {
  const left = mayRemember ? rows.open : rows.open + rows.remembered + rows.sealed;
  return [
    { name: 'all counts are zero within a quiet minute', holds: unrest === undefined, text: unrest ?? 'all' },
    {
      name: mayRemember ? 'no open row remains' : 'no row remains',
      holds: left === 0,
      text: JSON.stringify(rows),
    },
  ];
}

/** What the processes logged, and how they ended. */
export function processVerdicts(
  loggedErrors: readonly string[],
  unasked: readonly string[],
  restarts: number,
): Verdict[] {
  return [
    {
      name: 'no process logged an error',
      holds: loggedErrors.length === 0,
      text: `${loggedErrors.length} errors ${some(loggedErrors, '')}`,
    },
    {
      name: 'no process ended but when and as it was asked to',
      holds: unasked.length === 0,
      text: unasked.join('; ') || `${restarts} times`,
    },
  ];
}

/** What a kind of process may have in the end, in megabytes. */
export function memoryBound(first: Peaks, mayRemember: boolean): (kind: string) => number {
  return (kind) => (first.get(kind) ?? 0) * MOST_GROWTH + (mayRemember ? REMEMBERED_MB : 0);
}

export function memoryVerdicts(first: Peaks, last: Peaks, bound: (kind: string) => number): Verdict[] {
  return [...last].map(([kind, mb]) => ({
    name: `memory of a ${kind}`,
    holds: mb <= bound(kind),
    text: `at most ${(first.get(kind) ?? 0).toFixed(0)} MB in the first half, ${mb.toFixed(0)} MB at the end`,
  }));
}
