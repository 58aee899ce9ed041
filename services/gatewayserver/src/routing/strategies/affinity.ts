import type { PoolMember } from '../availability/pool.ts';
import { hashOf, mixed } from './hash.ts';
import type { Strategy } from './strategy.ts';

/** A user's own backend, by rendezvous hashing: when a backend comes or goes, only its own users move. */
export const affinity: Strategy = ({ pool, user }) => {
  const userHash = hashOf(user);
  const score = ({ hash }: PoolMember) => mixed(hash ^ userHash);
  return pool.reduce((best, member) => (score(member) > score(best) ? member : best));
};
