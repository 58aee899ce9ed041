import { chanceOf } from './chance.ts';
import { lowerBound } from './lower-bound.ts';
import { SHAPES, type Shape } from './shapes.ts';
import { type Outcome, simulate } from './simulate.ts';

/** The seed of the table in the documentation. */
export const SEED = 20_261_124;

export type Run = Outcome & { shape: Shape; seed: number; queries: number; bound: number; alwaysOn: number };

export function runShape(shape: Shape, seed: number): Run {
  const day = shape.dayOf(chanceOf(seed));
  const outcome = simulate(day, seed + 1);
  const bound = lowerBound(day.queries, day.slots, shape.longestWait);
  return { ...outcome, shape, seed, queries: day.queries.length, bound, alwaysOn: day.clusters * 24 };
}

export function runAll(seed: number): Run[] {
  return SHAPES.map((shape) => runShape(shape, seed));
}

/** The runs as a table of Markdown. */
export function tableOf(runs: readonly Run[], seed: number): string {
  const rows = runs.map(({ shape, queries, longestWait, starts, hours, bound, alwaysOn }) =>
    [
      shape.name,
      queries.toLocaleString('en-US'),
      `${Math.round(longestWait)} s of ${shape.longestWait} s`,
      `${starts} of ${shape.mostStarts}`,
      hours.toFixed(1),
      bound.toFixed(1),
      (hours / bound).toFixed(1),
      String(alwaysOn),
    ].join(' | '),
  );
  return [
    `With seed ${seed}:`,
    '',
    '| load | queries | longest wait, of what is promised | starts, of what is bearable | cluster-hours | at least | times that | always on |',
    '| --- | --- | --- | --- | --- | --- | --- | --- |',
    ...rows.map((row) => `| ${row} |`),
  ].join('\n');
}

/** A page with this table in its place. */
export function withTable(page: string, table: string): string {
  return page.replace(
    /(<!-- simulated days -->\n)[\s\S]*(<!-- end of simulated days -->)/,
    (_all, before, after) => `${before}\n${table}\n\n${after}`,
  );
}
