import { type Backend, Reason_Outcome } from '@trino-gateway/api/gateway';
import { type AffinityFacts, affinityHash } from './affinity-hash.ts';
import { isBeingTried, monitorSilence } from './availability/availability.ts';
import type { Pool, PoolMember } from './availability/pool.ts';
import type { Candidate, StepReason } from './chain/opinion.ts';
import { askerOf, passOver } from './chain/pass-over.ts';
import type { Circumstances } from './circumstances.ts';
import type { Snapshot } from './snapshot.ts';
import { choose } from './strategies/registry.ts';
import { whyNoBackend } from './why-no-backend.ts';

/** What came of looking for a backend, with a reason for every group that was tried. */
export type BackendSearch = {
  chosen: { backend: Backend; candidate: Candidate } | undefined;
  reasons: StepReason[];
  /** The same reasons as clients may read them, of the groups without a backend. */
  forClients: string[];
};

const GROUPS_IN_REASONS = 20;
const NONE: ReadonlySet<string> = new Set();

/** Tries the groups in their order; avoided backends only when there is no other in any group. */
export function chooseBackend(
  candidates: readonly Candidate[],
  query: AffinityFacts,
  snapshot: Snapshot,
  circumstances: Circumstances,
): BackendSearch {
  const { excluded = NONE, avoided = NONE } = circumstances;
  if (avoided.size > 0) {
    const preferred = search(candidates, query, snapshot, circumstances, excluded.union(avoided));
    if (preferred.chosen) return preferred;
  }
  return search(candidates, query, snapshot, circumstances, excluded);
}

/** The backend that the first of these groups, by id, with an available one gives, of those that whoever asks may use. */
export function chooseFromGroups(
  groupIds: readonly string[],
  query: AffinityFacts,
  snapshot: Snapshot,
  circumstances: Circumstances,
): BackendSearch {
  const candidates = groupIds
    .toSorted()
    .map((groupId): Candidate => ({ groupId, step: `group ${groupId}`, asFallback: false }));
  const { left, reasons } = passOver(candidates, askerOf(query), snapshot.whyNotAllowed);
  const found = chooseBackend(left, query, snapshot, circumstances);
  return { ...found, reasons: [...reasons, ...found.reasons] };
}

function search(
  candidates: readonly Candidate[],
  query: AffinityFacts,
  snapshot: Snapshot,
  circumstances: Circumstances,
  skipped: ReadonlySet<string>,
): BackendSearch {
  const reasons: StepReason[] = [];
  const forClients: string[] = [];
  for (const candidate of candidates) {
    const { groupId, step } = candidate;
    const member = chooseMember(candidate, query, snapshot, circumstances, skipped);
    const facts = member && snapshot.facts(member.id);
    if (facts) {
      const { backend, status } = facts;
      const silence = monitorSilence(status, circumstances.now, snapshot.loadMaxAgeMs);
      const text = `group ${groupId}: backend ${backend.id}${silence && `; ${silence}`}`;
      reasons.push({ step, outcome: Reason_Outcome.CHOSE, text });
      return { chosen: { backend, candidate }, reasons, forClients };
    }
    if (reasons.length >= GROUPS_IN_REASONS) continue;
    const why = whyNoBackend(groupId, snapshot, circumstances, skipped);
    reasons.push({ step, outcome: Reason_Outcome.ABSTAINED, text: why.forOperators });
    forClients.push(why.forClients);
  }
  return { chosen: undefined, reasons, forClients };
}

function chooseMember(
  { groupId, backendId }: Candidate,
  query: AffinityFacts,
  snapshot: Snapshot,
  { now, chance, cursor, live, lastStartedAt }: Circumstances,
  skipped: ReadonlySet<string>,
): PoolMember | undefined {
  const group = snapshot.group(groupId);
  if (!group) return undefined;
  const available = withoutTried(snapshot.pool(groupId, now), snapshot, { now, lastStartedAt });
  const allowed = skipped.size > 0 ? available.filter(({ id }) => !skipped.has(id)) : available;
  const pool = backendId === undefined ? allowed : allowed.filter(({ id }) => id === backendId);
  if (pool.length === 0) return undefined;
  const { strategy, affinity } = group;
  return choose(strategy, {
    ...{ pool, chance, cursor: cursor(groupId), live, now },
    affinityHash: () => affinityHash(affinity, query),
    loadFactor: affinity?.loadFactor ?? 0,
  });
}

/** Those of a pool that no query is trying: a backend comes back through one query, not through all at once. */
export function withoutTried(
  pool: Pool,
  { facts }: Pick<Snapshot, 'facts'>,
  {
    now,
    lastStartedAt = () => 0,
  }: Pick<Circumstances, 'now'> & { lastStartedAt: Circumstances['lastStartedAt'] | undefined },
): Pool {
  if (!pool.some(({ isHalfOpen }) => isHalfOpen)) return pool;
  return pool.filter(({ id, isHalfOpen }) => {
    const known = isHalfOpen ? facts(id) : undefined;
    return known === undefined || !isBeingTried(known, lastStartedAt(id), now);
  });
}
