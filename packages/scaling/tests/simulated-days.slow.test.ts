import { expect, test } from '@jest/globals';
import { SHAPES } from './simulation/shapes.ts';
import { runShape } from './simulation/table.ts';

const SEEDS = 3;
/** SEED=n tries other days. */
const first = Number(process.env.SEED ?? 20_261_201);

test.each(SHAPES.map((shape) => [shape.name, shape] as const))(
  '%s: other days keep what is promised',
  (_name, shape) => {
    const runs = Array.from({ length: SEEDS }, (_, at) => runShape(shape, first + at));
    const broken = runs.filter(
      ({ longestWait, starts, queries, served }) =>
        longestWait > shape.longestWait || starts > shape.mostStarts || served !== queries,
    );
    process.stdout.write(`${shape.name}: seeds ${first} to ${first + SEEDS - 1}\n`);
    expect(broken.map(({ seed, longestWait, starts, served }) => ({ seed, longestWait, starts, served }))).toEqual([]);
  },
);
