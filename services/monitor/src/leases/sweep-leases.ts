import type { Client } from '@connectrpc/connect';
import type { AdmissionService, Backend } from '@trino-gateway/api/gateway';
import { querySuffix } from '@trino-gateway/trino';
import { knowsQuery } from '@trino-gateway/trino/client';
import { callerOf } from '../clusters/cluster-access.ts';
import { readSightings } from '../clusters/observe-queries.ts';
import { runningQueries } from '../clusters/running-queries.ts';
import { judgeLeases } from './classify-leases.ts';

/** The calls a look needs. */
export type LeaseCalls = Pick<Client<typeof AdmissionService>, 'listLeases' | 'settleLeases'>;

/** What one look at the leases of a backend found. */
export type LeaseLook = {
  /** How many it began with; with none the cluster was not asked about them. */
  leases: number;
  /** What was settled, by why. */
  settled: { ended: number; restarted: number; lost: number };
  /** Running on the cluster without a slot; undefined when that cannot be said. */
  foreign: number | undefined;
  /** For the next look, as judgeLeases wants it. */
  missingSince: Map<string, number>;
  /** Why a query that is not listed could not be asked for by its id; undefined when all could. */
  problem: unknown;
};

/** Ids that ListLeases takes at a time. */
const MOST_ASKED_FOR = 1_000;
const MOST_LOST_AT_ONCE = 20;

/**
 * Asks the cluster about every query that holds a slot of it, gives back the slots of those that are over, and counts what
 * runs there without one. Throws when the gatewayserver or the cluster does not answer: who is silent settles nothing.
 * @param missingSince of the look before
 */
export async function lookAtLeases(
  admission: LeaseCalls,
  backend: Backend,
  missingSince: ReadonlyMap<string, number>,
  limits: { timeLimitMs: number; signal: AbortSignal },
): Promise<LeaseLook> {
  const { signal } = limits;
  const known = async (trinoQueryIds: string[] = []) => {
    const { leases } = await admission.listLeases({ backendId: backend.id, trinoQueryIds }, { signal });
    return leases.map(({ trinoQueryId }) => trinoQueryId);
  };
  const before = (await known()).filter((id) => querySuffix(id) !== undefined);
  const found: LeaseLook = {
    leases: before.length,
    settled: { ended: 0, restarted: 0, lost: 0 },
    foreign: undefined,
    missingSince: new Map(),
    problem: undefined,
  };
  for await (const sightings of readSightings(backend, before, limits)) {
    const judged = judgeLeases(sightings, missingSince, performance.now());
    const { lost, problem } = await reallyLost(backend, judged.lost, limits);
    found.problem ??= problem;
    const over = [...judged.ended, ...judged.restarted];
    if (over.length > 0) await admission.settleLeases({ trinoQueryIds: over, byLook: true }, { signal });
    if (lost.length > 0) {
      const ask = { trinoQueryIds: lost, byLook: true, unknown: true };
      // Those whose first poll may be on its way keep their slots, and are asked about again.
      found.settled.lost += (await admission.settleLeases(ask, { signal })).settled;
    }
    found.settled.ended += judged.ended.length;
    found.settled.restarted += judged.restarted.length;
    for (const [id, since] of judged.missingSince) if (!lost.includes(id)) found.missingSince.set(id, since);
  }
  if (before.length === 0 && backend.maxRunningQueries === 0) return found;
  const leased = new Set(before);
  const others = (await runningQueries(backend, limits)).filter((id) => !leased.has(id));
  // Asked for by their ids: some began after the list was made, and may have ended since.
  for (let from = 0; from < others.length; from += MOST_ASKED_FOR)
    for (const id of await known(others.slice(from, from + MOST_ASKED_FOR))) leased.add(id);
  return { ...found, foreign: others.filter((id) => !leased.has(id)).length };
}

/** The list leaves out what its reader may not see; asked by id, a cluster refuses then instead of knowing nothing. */
async function reallyLost(
  backend: Backend,
  ids: readonly string[],
  limits: { timeLimitMs: number; signal: AbortSignal },
): Promise<{ lost: string[]; problem?: unknown }> {
  const lost: string[] = [];
  try {
    for (const id of ids.slice(0, MOST_LOST_AT_ONCE))
      if (!(await knowsQuery(id, { ...callerOf(backend), ...limits }))) lost.push(id);
    return { lost };
  } catch (problem) {
    return { lost, problem };
  }
}
