import { describe, expect, test } from '@jest/globals';
import { Group_Strategy, Group_StrategySchema } from '@trino-gateway/api/gateway';
import fc from 'fast-check';
import type { PoolMember } from '../availability/pool.ts';
import { hashOf } from './hash.ts';
import { choose, strategies } from './registry.ts';
import type { Choice } from './strategy.ts';

const member = (id: string, given: Partial<PoolMember> = {}): PoolMember => ({
  id,
  weight: 1,
  hash: hashOf(id),
  load: undefined,
  loadIsSet: false,
  loadSampledAt: 0,
  ...given,
});
const counts = (live: Record<string, number> = {}, started: Record<string, number> = {}) => ({
  live: (id: string) => (Object.hasOwn(live, id) ? (live[id] ?? 0) : 0),
  startedSince: (id: string) => (Object.hasOwn(started, id) ? (started[id] ?? 0) : 0),
});
const chosen = (strategy: Group_Strategy, given: Partial<Choice>) =>
  choose(strategy, {
    ...{ pool: [], now: 0, chance: 0, cursor: 0, affinityHash: () => 0, loadFactor: 0, live: counts() },
    ...given,
  })?.id;
const shares = (strategy: Group_Strategy, given: Partial<Choice>, draws = 1_000) => {
  const seen: Record<string, number> = {};
  for (let at = 0; at < draws; at++) {
    const id = chosen(strategy, { ...given, chance: at / draws, cursor: at }) ?? '';
    seen[id] = (seen[id] ?? 0) + 1;
  }
  return seen;
};

const abc = [member('a'), member('b'), member('c')];
const everyStrategy = Object.values(Group_Strategy);

test('every strategy of the contract is registered', () => {
  expect(Object.keys(strategies).map(Number)).toEqual(Group_StrategySchema.values.map(({ number }) => number));
});

describe('LEAST_LOAD', () => {
  const pick = (given: Partial<Choice>) => chosen(Group_Strategy.LEAST_LOAD, given);

  test('takes the least load', () => {
    expect(pick({ pool: [member('a', { load: 5 }), member('b', { load: 4 }), member('c', { load: 6 })] })).toBe('b');
  });

  test('counts what was started since the sample, twice each', () => {
    const pool = [member('a', { load: 4 }), member('b', { load: 0 })];
    expect(pick({ pool, live: counts({ b: 3 }, { b: 3 }) })).toBe('a');
    expect(pick({ pool, live: counts({ b: 1 }, { b: 1 }) })).toBe('b');
  });

  test('does not count what was started and has ended', () => {
    const pool = [member('a', { load: 4 }), member('b', { load: 0 })];
    expect(pick({ pool, live: counts({ b: 0 }, { b: 100 }) })).toBe('b');
  });

  test('ranks the whole pool by our own counts when any load is unknown', () => {
    const pool = [member('a', { load: 1 }), member('b'), member('c', { load: 50 })];
    expect(pick({ pool, live: counts({ a: 2, b: 3, c: 1 }) })).toBe('c');
  });

  test('adds nothing to a load that an operator set', () => {
    const pool = [member('a', { load: 1, loadIsSet: true }), member('b', { load: 3 })];
    expect(pick({ pool, live: counts({ a: 9 }, { a: 9 }) })).toBe('a');
  });

  test('is what an unspecified strategy means', () => {
    const pool = [member('a', { load: 5 }), member('b', { load: 4 })];
    expect(chosen(Group_Strategy.STRATEGY_UNSPECIFIED, { pool })).toBe('b');
  });
});

test('ties are broken fairly, not in favour of the first', () => {
  const even = { a: 500, b: 500 };
  const tied = [member('a', { load: 1 }), member('b', { load: 1 }), member('c', { load: 2 })];
  expect(shares(Group_Strategy.LEAST_LOAD, { pool: tied })).toEqual(even);
  expect(shares(Group_Strategy.FEWEST_QUERIES, { pool: abc, live: counts({ c: 1 }) })).toEqual(even);
});

test('ROUND_ROBIN takes one after the other, by id', () => {
  const pick = (cursor: number) => chosen(Group_Strategy.ROUND_ROBIN, { pool: abc, cursor });
  expect([0, 1, 2, 3, 4].map(pick)).toEqual(['a', 'b', 'c', 'a', 'b']);
});

test('FEWEST_QUERIES takes the backend with the fewest live', () => {
  expect(chosen(Group_Strategy.FEWEST_QUERIES, { pool: abc, live: counts({ a: 2, b: 1, c: 3 }) })).toBe('b');
});

test('RANDOM gives every backend the same share', () => {
  expect(Object.values(shares(Group_Strategy.RANDOM, { pool: abc }, 999))).toEqual([333, 333, 333]);
});

test('WEIGHTED gives shares in proportion to the weights (property)', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 1, max: 20 }), { minLength: 1, maxLength: 6 }), (weights) => {
      const pool = weights.map((weight, at) => member(`b${at}`, { weight }));
      const total = weights.reduce((sum, weight) => sum + weight, 0);
      const seen = shares(Group_Strategy.WEIGHTED, { pool }, total * 10);
      for (const { id, weight } of pool) expect(Math.abs((seen[id] ?? 0) - weight * 10)).toBeLessThanOrEqual(1);
    }),
    { numRuns: 50 },
  );
});

describe('AFFINITY', () => {
  const of = (user: string) => ({ affinityHash: () => hashOf(user) });
  const users = Array.from({ length: 900 }, (_, at) => `user-${at}`);
  const homes = (pool: PoolMember[]) =>
    new Map(users.map((user) => [user, chosen(Group_Strategy.AFFINITY, { pool, ...of(user) })]));

  test('keeps a user on one backend, whatever chance and cursor', () => {
    const picks = new Set(
      [0, 0.3, 0.9].map((chance) =>
        chosen(Group_Strategy.AFFINITY, { pool: abc, ...of('u'), chance, cursor: chance * 10 }),
      ),
    );
    expect(picks.size).toBe(1);
  });

  test('moves only the users of a backend that goes', () => {
    const all = homes(abc);
    const without = homes(abc.slice(1));
    for (const user of users) if (all.get(user) !== 'a') expect(without.get(user)).toBe(all.get(user));
  });

  test('of a hundred backends that lose one, only its own part of the users moves', () => {
    const hundred = Array.from({ length: 100 }, (_, at) => member(`b${at}`));
    const before = homes(hundred);
    const after = homes(hundred.slice(1));
    const moved = users.filter((user) => before.get(user) !== after.get(user));
    expect(moved.every((user) => before.get(user) === 'b0')).toBe(true);
    expect(moved.length).toBeLessThan(30);
  });

  test('a backend with more than its share passes to the next, which is the same each time', () => {
    const home = chosen(Group_Strategy.AFFINITY, { pool: abc, ...of('u') }) ?? '';
    const busy = (count: number, loadFactor = 0) =>
      chosen(Group_Strategy.AFFINITY, {
        pool: abc,
        ...of('u'),
        loadFactor,
        live: counts({ a: 10, b: 10, c: 10, [home]: count }),
      });
    expect(busy(14)).toBe(home);
    const next = busy(15);
    expect(next).not.toBe(home);
    expect(busy(99)).toBe(next);
    expect(next).toBe(chosen(Group_Strategy.AFFINITY, { pool: abc.filter(({ id }) => id !== home), ...of('u') }));
    expect(busy(99, 1_000)).toBe(home);
    expect(busy(10, 1)).toBe(home);
    expect(busy(11, 1)).toBe(next);
  });

  test('no backend ever gets more than its share (property)', () => {
    fc.assert(
      fc.property(
        fc.array(fc.nat(5), { minLength: 1, maxLength: 200 }),
        fc.constantFrom(0, 1, 2),
        (queries, loadFactor) => {
          const live: Record<string, number> = {};
          for (const [at, user] of queries.entries()) {
            const id =
              chosen(Group_Strategy.AFFINITY, { pool: abc, ...of(`${user}`), loadFactor, live: counts(live) }) ?? '';
            live[id] = (live[id] ?? 0) + 1;
            expect(live[id]).toBeLessThanOrEqual(Math.ceil(((loadFactor || 1.25) * (at + 1)) / 3));
          }
        },
      ),
    );
  });

  test('spreads users over all backends', () => {
    const all = [...homes(abc).values()];
    for (const { id } of abc) expect(all.filter((home) => home === id).length).toBeGreaterThan(200);
  });
});

test('an id that every object has a property of is an id like others', () => {
  const pool = ['toString', 'constructor', '__proto__'].map((id) => member(id));
  for (const strategy of everyStrategy) expect(pool.map(({ id }) => id)).toContain(chosen(strategy, { pool }));
});

test('every strategy chooses a member of its pool, and none from an empty one (property)', () => {
  const pools = fc.uniqueArray(
    fc.record({
      id: fc.string({ minLength: 1 }),
      load: fc.option(fc.nat(9), { nil: undefined }),
      weight: fc.integer({ min: 1, max: 9 }),
    }),
    { selector: ({ id }) => id, maxLength: 6 },
  );
  const below1 = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
  fc.assert(
    fc.property(
      fc.constantFrom(...everyStrategy),
      pools,
      below1,
      fc.nat(),
      fc.string(),
      (strategy, drawn, chance, cursor, user) => {
        const pool = drawn.map(({ id, ...given }) => member(id, given));
        const id = chosen(strategy, { pool, chance, cursor, affinityHash: () => hashOf(user) });
        if (pool.length === 0) expect(id).toBeUndefined();
        else expect(pool.map((one) => one.id)).toContain(id);
      },
    ),
  );
});
