import type { UnknownEnum } from '@bufbuild/protobuf';
import { Group_Strategy } from '@trino-gateway/api/gateway';
import { hashOf, mixed, type Pool, type PoolMember } from '../snapshot.ts';

/** Our own counts: what the routers say they have live, and what was decided since. */
export type LiveView = {
  /** Queries live on a backend, those just decided included. */
  live(backendId: string): number;
  /** Queries decided for a backend since a moment, epoch milliseconds. */
  startedSince(backendId: string, since: number): number;
};

/** One choice among the available backends of a group. */
export type Choice = {
  /** Not empty. */
  pool: Pool;
  /** At random, from 0 up to but not 1. */
  chance: number;
  /** Counts the choices made in this group. */
  turn: number;
  user: string;
  live: LiveView;
};

type Strategy = (choice: Choice) => PoolMember | undefined;

const leastLoad: Strategy = (choice) => {
  const { pool, live } = choice;
  if (pool.some(({ load }) => load === undefined)) return fewestQueries(choice);
  return least(choice, (member) => {
    const load = member.load ?? 0;
    if (member.loadIsSet) return load;
    const started = live.startedSince(member.id, member.loadSampledAt);
    // A running query counts 2 in a cluster load; what was started and has ended again counts nothing.
    return started === 0 ? load : load + 2 * Math.min(started, live.live(member.id));
  });
};

const roundRobin: Strategy = ({ pool, turn }) => pool[turn % pool.length];

const random: Strategy = ({ pool, chance }) => pool[Math.floor(chance * pool.length)];

const fewestQueries: Strategy = (choice) => least(choice, ({ id }) => choice.live.live(id));

const weighted: Strategy = ({ pool, chance }) => {
  let left = chance * pool.reduce((sum, { weight }) => sum + weight, 0);
  return pool.find(({ weight }) => {
    left -= weight;
    return left < 0;
  });
};

/** Rendezvous hashing: when a backend comes or goes, only its own users move. */
const affinity: Strategy = ({ pool, user }) => {
  const userHash = hashOf(user);
  const score = ({ hash }: PoolMember) => mixed(hash ^ userHash);
  return pool.reduce((best, member) => (score(member) > score(best) ? member : best));
};

const strategies: Record<Exclude<Group_Strategy, UnknownEnum>, Strategy> = {
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
  return choice.pool.length > 1
    ? (strategies[strategy as keyof typeof strategies] ?? leastLoad)(choice)
    : choice.pool[0];
}

/** One of those that rank lowest, each with the same chance. */
function least({ pool, chance }: Choice, rankOf: (member: PoolMember) => number): PoolMember | undefined {
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
