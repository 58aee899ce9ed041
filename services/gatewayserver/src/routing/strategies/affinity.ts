import type { PoolMember } from '../availability/pool.ts';
import { mixed } from './hash.ts';
import type { Choice, Strategy } from './strategy.ts';

const DEFAULT_LOAD_FACTOR = 1.25;

/**
 * The own backend of a user, or of what else the group goes by: by rendezvous hashing, so that only those of a backend that comes or
 * goes move. One with more than its share of the live queries passes to the next.
 */
export const affinity: Strategy = (choice) => {
  const { pool, live } = choice;
  const hash = choice.affinityHash();
  const most = mostOnEach(choice);
  const hasRoom = pool.filter(({ id }) => live.live(id) < most);
  const score = (member: PoolMember) => mixed(member.hash ^ hash);
  return hasRoom.reduce<PoolMember | undefined>(
    (best, member) => (best === undefined || score(member) > score(best) ? member : best),
    undefined,
  );
};

/** The mean of the live queries with the new one, times the factor. Some backend has always less. */
function mostOnEach({ pool, live, loadFactor }: Choice): number {
  const all = pool.reduce((sum, { id }) => sum + live.live(id), 1);
  return Math.ceil(((loadFactor || DEFAULT_LOAD_FACTOR) * all) / pool.length);
}
