import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import { shareOf } from '@trino-gateway/scaling';
import type { Pool, PoolMember } from '../availability/pool.ts';
import { mixed } from './hash.ts';
import type { Choice } from './strategy.ts';

const ALL = 2 ** 32;
/** Draws for AFFINITY are others than those that it ranks by. */
const OTHER_BITS = 0x9e3779b9;

/**
 * The pool for one query: each cluster whose share still grows is in it with that chance, whatever the strategy; so its share of the
 * queries is that part of what the strategy gives it. While no other could take the query, all are.
 * @param byAffinity then the same users come to it all the time, more and more of them, instead of all of them now and then
 */
export function withoutBeginners(choice: Choice, byAffinity: boolean): Pool {
  const { pool } = choice;
  if (pool.length < 2 || !pool.some(({ slowStart }) => slowStart)) return pool;
  const now = timestampFromMs(choice.now);
  const bits = byAffinity ? choice.affinityHash() ^ OTHER_BITS : Math.floor(choice.chance * ALL);
  const takes = ({ slowStart, hash }: PoolMember) => {
    if (!slowStart) return true;
    const { from, until } = slowStart;
    return mixed(mixed(hash ^ OTHER_BITS) ^ bits) < ALL * shareOf(timestampFromMs(from), until - from, now);
  };
  const takers = pool.filter(takes);
  return takers.length > 0 ? takers : pool;
}
