import type { UnknownEnum } from '@bufbuild/protobuf';
import { Group_Strategy } from '@trino-gateway/api/gateway';
import type { PoolMember } from '../availability/pool.ts';
import { affinity } from './affinity.ts';
import { fewestQueries } from './fewest-queries.ts';
import { leastLoad } from './least-load.ts';
import { random } from './random.ts';
import { roundRobin } from './round-robin.ts';
import { withoutBeginners } from './slow-start.ts';
import type { Choice, Strategy } from './strategy.ts';
import { weighted } from './weighted.ts';

/** Every strategy. A new one is its value in the contract, a file of its own, and a line here. */
export const strategies: Readonly<Record<Exclude<Group_Strategy, UnknownEnum>, Strategy>> = {
  [Group_Strategy.STRATEGY_UNSPECIFIED]: leastLoad,
  [Group_Strategy.LEAST_LOAD]: leastLoad,
  [Group_Strategy.ROUND_ROBIN]: roundRobin,
  [Group_Strategy.RANDOM]: random,
  [Group_Strategy.FEWEST_QUERIES]: fewestQueries,
  [Group_Strategy.WEIGHTED]: weighted,
  [Group_Strategy.AFFINITY]: affinity,
};

/** Chooses one of a pool; undefined only when the pool is empty. */
export function choose(strategy: Group_Strategy, choice: Choice): PoolMember | undefined {
  const pool = withoutBeginners(choice, strategy === Group_Strategy.AFFINITY);
  return pool.length > 1
    ? (strategies[strategy as keyof typeof strategies] ?? leastLoad)(
        pool === choice.pool ? choice : { ...choice, pool },
      )
    : pool[0];
}
