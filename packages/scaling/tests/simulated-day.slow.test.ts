import { readFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import { runAll, SEED, tableOf, withTable } from './simulation/table.ts';

const PAGE = new URL('../../../docs/autoscaling.md', import.meta.url);
const runs = runAll(SEED);
const found = (text: string) => `${text}, with seed ${SEED}`;

test('on no day a query waits longer than promised, and each is served', () => {
  for (const { shape, longestWait, served, queries } of runs) {
    expect(found(`${shape.name}: ${served} served`)).toBe(found(`${shape.name}: ${queries} served`));
    expect({ shape: shape.name, seed: SEED, isInTime: longestWait <= shape.longestWait }).toMatchObject({
      isInTime: true,
    });
  }
});

test('on no day clusters flap: starts are bounded', () => {
  for (const { shape, starts } of runs)
    expect({ shape: shape.name, seed: SEED, starts, isBearable: starts <= shape.mostStarts }).toMatchObject({
      isBearable: true,
    });
});

test('every day costs less than clusters that are always on', () => {
  for (const { hours, bound, alwaysOn } of runs) {
    expect(hours).toBeGreaterThan(bound);
    expect(hours).toBeLessThan(alwaysOn);
  }
});

test('the table in the documentation is that of these days', () => {
  const page = readFileSync(PAGE, 'utf8');
  expect(withTable(page, tableOf(runs, SEED))).toBe(page);
  expect(page).toContain(tableOf(runs, SEED));
});
