import type { Client } from '@connectrpc/connect';
import { clusterAccess } from '@trino-gateway/api/cluster-access';
import { type AdmissionService, type Backend, Backend_Probe_Kind } from '@trino-gateway/api/gateway';
import { querySuffix } from '@trino-gateway/trino';
import { knowsQuery } from '@trino-gateway/trino/client';
import type { ClusterLimits } from '../clusters/cluster-connections.ts';
import { observeQueries } from '../clusters/observe-queries.ts';
import { runningQueries } from '../clusters/running-queries.ts';
import { classifyLeases } from './classify-leases.ts';

/** The calls a sweep needs. */
export type LeaseCalls = Pick<Client<typeof AdmissionService>, 'listLeases' | 'settleLeases'>;

/** What one sweep over the leases of a backend found. */
export type LeaseSweep = {
  /** How many there were at its beginning; without any the cluster was not asked about them. */
  leases: number;
  /** How many were settled, by reason. */
  settled: { ended: number; restarted: number; lost: number };
  /** Queries that run on the cluster without a lease; undefined when that cannot be said. */
  externalRunning: number | undefined;
  /** For the next sweep; see classifyLeases. */
  missingSince: Map<string, number>;
  /** Why a query that is not listed could not be asked for by its id; undefined when all could. */
  problem: unknown;
};

/** Ids that ListLeases takes at a time. */
const MOST_ASKED_FOR = 1_000;
const MOST_LOST_AT_ONCE = 20;

/**
 * Asks the cluster about every query that holds a lease of it, settles the leases of those that are over, and counts what
 * runs there without one. Throws when the gatewayserver or the cluster does not answer: then nothing is settled.
 * @param missingSince of the previous sweep
 */
export async function sweepLeases(
  admission: LeaseCalls,
  backend: Backend,
  missingSince: ReadonlyMap<string, number>,
  limits: ClusterLimits,
): Promise<LeaseSweep> {
  const leased = (await leasedIds(admission, backend, [], limits)).filter((id) => querySuffix(id) !== undefined);
  const sweep: LeaseSweep = {
    leases: leased.length,
    settled: { ended: 0, restarted: 0, lost: 0 },
    externalRunning: undefined,
    missingSince: new Map(),
    problem: undefined,
  };
  for await (const observations of observeQueries(backend, leased, limits)) {
    const classes = classifyLeases(observations, missingSince, performance.now());
    const { lost, problem } = await confirmLost(backend, classes.lost, limits);
    sweep.problem ??= problem;
    const over = [...classes.ended, ...classes.restarted];
    if (over.length > 0) await admission.settleLeases({ trinoQueryIds: over, byLook: true }, { signal: limits.signal });
    if (lost.length > 0) {
      const request = { trinoQueryIds: lost, byLook: true, unknown: true };
      // Those whose first poll may be on its way keep their leases, and are asked about again.
      sweep.settled.lost += (await admission.settleLeases(request, { signal: limits.signal })).settled;
    }
    sweep.settled.ended += classes.ended.length;
    sweep.settled.restarted += classes.restarted.length;
    for (const [id, since] of classes.missingSince) if (!lost.includes(id)) sweep.missingSince.set(id, since);
  }
  const isCounted = leased.length > 0 || backend.maxRunningQueries > 0;
  if (isCounted && backend.probe?.kind !== Backend_Probe_Kind.INFO_ONLY)
    sweep.externalRunning = await countExternal(admission, backend, leased, limits);
  return sweep;
}

async function countExternal(
  admission: LeaseCalls,
  backend: Backend,
  leasedBefore: readonly string[],
  limits: ClusterLimits,
): Promise<number> {
  const leased = new Set(leasedBefore);
  const others = (await runningQueries(backend, limits)).filter((id) => !leased.has(id));
  // Asked for by their ids: some began after the list was made, and may have ended since.
  for (let from = 0; from < others.length; from += MOST_ASKED_FOR)
    for (const id of await leasedIds(admission, backend, others.slice(from, from + MOST_ASKED_FOR), limits))
      leased.add(id);
  return others.filter((id) => !leased.has(id)).length;
}

/** The queries of a backend that hold a lease; of the given ones also those whose lease has ended. */
async function leasedIds(
  admission: LeaseCalls,
  { id: backendId }: Backend,
  trinoQueryIds: string[],
  { signal }: ClusterLimits,
): Promise<string[]> {
  const { leases } = await admission.listLeases({ backendId, trinoQueryIds }, { signal });
  return leases.map(({ trinoQueryId }) => trinoQueryId);
}

/** The list leaves out what its reader may not see; asked by id, a cluster then refuses instead of knowing nothing. */
async function confirmLost(
  backend: Backend,
  ids: readonly string[],
  limits: ClusterLimits,
): Promise<{ lost: string[]; problem?: unknown }> {
  const lost: string[] = [];
  try {
    for (const id of ids.slice(0, MOST_LOST_AT_ONCE))
      if (!(await knowsQuery(id, { ...clusterAccess(backend), ...limits }))) lost.push(id);
    return { lost };
  } catch (problem) {
    return { lost, problem };
  }
}
