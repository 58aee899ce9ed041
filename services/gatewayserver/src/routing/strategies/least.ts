import type { PoolMember } from '../availability/pool.ts';
import type { Choice } from './strategy.ts';

/** One of those that rank lowest, each with the same chance. */
export function least({ pool, chance }: Choice, rankOf: (member: PoolMember) => number): PoolMember | undefined {
  let lowest = Number.POSITIVE_INFINITY;
  let tied: PoolMember[] = [];
  for (const member of pool) {
    const rank = rankOf(member);
    if (rank > lowest) continue;
    if (rank < lowest) tied = [];
    lowest = rank;
    tied.push(member);
  }
  return tied[Math.floor(chance * tied.length)];
}
