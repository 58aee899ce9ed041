import { describe, expect, test } from '@jest/globals';
import { Group_Strategy, Group_StrategySchema } from '@trino-gateway/api/gateway';
import type { PoolMember } from '../availability/pool.ts';
import { hashOf, mixed } from './hash.ts';
import { choose } from './registry.ts';

const DRAWS = 4_000;
const NOW = 1_000_000;

const member = (id: string, share = 1): PoolMember => ({
  ...{ id, weight: 1, hash: hashOf(id), load: 1, loadIsSet: true, loadSampledAt: 0 },
  ...(share < 1 && { slowStart: { from: NOW - share * 10_000, until: NOW + (1 - share) * 10_000 } }),
});

/** The part of the queries that a member gets, each of another user. */
function partOf(id: string, strategy: Group_Strategy, pool: PoolMember[]): number {
  let got = 0;
  for (let at = 0; at < DRAWS; at++) {
    const chance = mixed(at * 2 + 1) / 2 ** 32;
    const live = { live: () => 0, startedSince: () => 0 };
    const choice = { pool, now: NOW, chance, cursor: at, affinityHash: () => mixed(at), loadFactor: 0, live };
    if (choose(strategy, choice)?.id === id) got += 1;
  }
  return got / DRAWS;
}

describe.each(Group_StrategySchema.values.map(({ name, number }) => [name, number as Group_Strategy] as const))(
  '%s',
  (_, strategy) => {
    test.each([0.1, 0.5, 0.9])('gives one that is at %d of its slow start that part of its full share', (share) => {
      const full = partOf('new', strategy, [member('new'), member('old')]);
      const now = partOf('new', strategy, [member('new', share), member('old')]);
      expect(full).toBeGreaterThan(0.4);
      expect(now / full).toBeGreaterThan(share * 0.8 - 0.02);
      expect(now / full).toBeLessThan(share * 1.2 + 0.02);
    });

    test('gives it every query that no other could take, and shares among beginners alone', () => {
      expect(partOf('new', strategy, [member('new', 0.1)])).toBe(1);
      const both = [member('a', 0.01), member('b', 0.01)];
      expect(partOf('a', strategy, both) + partOf('b', strategy, both)).toBe(1);
    });

    test('chooses as ever where none is in its slow start', () => {
      const pool = [member('a'), member('b'), member('c')];
      const seen = ['a', 'b', 'c'].map((id) => partOf(id, strategy, pool));
      for (const part of seen) expect(part).toBeGreaterThan(0.28);
    });
  },
);

test('users that AFFINITY has given to a cluster in its slow start stay with it while its share grows', () => {
  const chosen = (share: number, user: number) =>
    choose(Group_Strategy.AFFINITY, {
      ...{ pool: [member('new', share), member('old')], now: NOW, chance: 0, cursor: 0, loadFactor: 0 },
      ...{ affinityHash: () => mixed(user), live: { live: () => 0, startedSince: () => 0 } },
    })?.id;
  for (let user = 0; user < 500; user++) {
    const seen = [0.1, 0.3, 0.5, 0.7, 0.9].map((share) => chosen(share, user));
    expect(seen.indexOf('new') === -1 || seen.slice(seen.indexOf('new')).every((id) => id === 'new')).toBe(true);
  }
});
