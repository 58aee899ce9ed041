import { assess } from './availability.ts';
import type { BackendFacts } from './facts.ts';
import { epochMs } from './timestamps.ts';

/** One available backend of a group. */
export type PoolMember = {
  id: string;
  /** At least 1. */
  weight: number;
  /** 32 bits drawn from the id. */
  hash: number;
  /** Undefined when unknown or too old. */
  load: number | undefined;
  /** True when an operator set the load: it then counts as it is. */
  loadIsSet: boolean;
  /** When the load was sampled, epoch milliseconds. */
  loadSampledAt: number;
  /** It has been ready for so short that its share still grows; absent otherwise. */
  slowStart?: SlowStart | undefined;
  /** It comes back, and takes one query at a time. */
  isHalfOpen?: boolean;
};

/** The growing of a share: from nothing at `from` to all at `until`, epoch milliseconds. */
export type SlowStart = { from: number; until: number };

/** The available backends of a group, in the order of their ids. */
export type Pool = readonly PoolMember[];

/** A group's members as they are known, in the order of their ids. */
export type KnownMember = { facts: BackendFacts; hash: number };

/** The pool of these members at this time, and until when it stays so while nothing but time passes. */
function poolOf(members: Iterable<KnownMember>, now: number, loadMaxAgeMs: number): { pool: Pool; until: number } {
  let until = Number.POSITIVE_INFINITY;
  const pool: PoolMember[] = [];
  for (const { facts, hash } of members) {
    const assessment = assess(facts, now, loadMaxAgeMs);
    until = Math.min(until, assessment.until);
    if (!assessment.available) continue;
    const { backend, status } = facts;
    const slowStart = slowStartOf(facts, now);
    if (slowStart) until = Math.min(until, slowStart.until);
    pool.push({
      id: backend.id,
      weight: backend.weight || 1,
      hash,
      load: assessment.load,
      loadIsSet: assessment.loadIsSet,
      loadSampledAt: epochMs(status?.observedAt),
      ...(slowStart && { slowStart }),
      ...(assessment.halfOpen && { isHalfOpen: true }),
    });
  }
  return { pool, until };
}

function slowStartOf({ scaling }: BackendFacts, now: number): SlowStart | undefined {
  const { slowStartMs } = scaling?.autoscaling ?? { slowStartMs: 0 };
  if (slowStartMs <= 0 || !scaling?.cluster?.readySince) return undefined;
  const from = epochMs(scaling.cluster.readySince);
  return now < from + slowStartMs ? { from, until: from + slowStartMs } : undefined;
}

/** Computes each group's pool when it is first asked for, and keeps it until the passing of time alone may change it. */
export function createPools(
  membersOf: (groupId: string) => Iterable<KnownMember>,
  loadMaxAgeMs: number,
): (groupId: string, now: number) => Pool {
  const cached = new Map<string, { pool: Pool; from: number; until: number }>();
  return (groupId, now) => {
    const found = cached.get(groupId);
    if (found && found.from <= now && now < found.until) return found.pool;
    const computed = poolOf(membersOf(groupId), now, loadMaxAgeMs);
    cached.set(groupId, { ...computed, from: now });
    return computed.pool;
  };
}
