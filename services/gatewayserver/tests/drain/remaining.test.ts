import { describe, expect, test } from '@jest/globals';
import { drainWorld } from './drain-world.ts';
import { clusters, direct, transactions } from './more-orders.ts';
import { type Order, pages, statements } from './orders.ts';
import { silences } from './silences.ts';

const tables: Record<string, readonly Order[]> = {
  statements,
  pages,
  'routers that are silent, stop or are old': silences,
  transactions,
  'clients that talk to the cluster itself': direct,
  'what the cluster says': clusters,
};

for (const [name, orders] of Object.entries(tables))
  describe(name, () => {
    test.each(orders)('$title', ({ events, ties, afterwards }) => {
      const world = drainWorld();
      events(world);
      expect(world.kinds()).toEqual(ties ?? []);
      if (afterwards === undefined) return;
      afterwards(world);
      expect(world.remaining()).toEqual([]);
    });
  });

test('each kind is told once, with how many there are and the first five of them', () => {
  const world = drainWorld();
  world.router('r');
  world.begin();
  for (let number = 1; number <= 8; number++) world.polled(`${number}_abcde`, 'r');
  world.pass(5_000);
  expect(world.remaining()).toEqual([
    { kind: 'RUNNING', count: 8, text: '1_abcde; 2_abcde; 3_abcde; 4_abcde; 5_abcde; and 3 more' },
  ]);
});
