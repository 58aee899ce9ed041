import { clusterAccess } from '@trino-gateway/api/cluster-access';
import { type Backend, Backend_Probe_Kind } from '@trino-gateway/api/gateway';
import { querySuffix } from '@trino-gateway/trino';
import { queryInfo, runStatement } from '@trino-gateway/trino/client';
import type { ClusterLimits } from './cluster-connections.ts';
import { describeQueryError } from './describe-failure.ts';

/** A query as system.runtime.queries of a cluster shows it. Times are epoch milliseconds by the cluster's clock. */
export type QueryObservation = {
  state: string;
  /** Trino's error name, when it failed. */
  errorName: string | undefined;
  createdAt: number | undefined;
  startedAt: number | undefined;
  endedAt: number | undefined;
};

/** One answer of a cluster about some queries. */
export type Observations = {
  /** The queries it was asked about. */
  ids: readonly string[];
  /** Those it knows. */
  known: ReadonlyMap<string, QueryObservation>;
  /** The suffix of the coordinator's incarnation that answered; undefined when it did not say. */
  incarnation: string | undefined;
};

const IDS_PER_STATEMENT = 200;
const IDS_AT_ONCE = 8;

/**
 * Asks the cluster about these queries, a part of them at a time. Throws what runStatement throws, and an Error with what
 * the cluster says when it does not show its queries.
 * @param ids each of Trino's shape
 */
export async function* observeQueries(
  backend: Backend,
  ids: readonly string[],
  limits: ClusterLimits,
): AsyncGenerator<Observations, void, undefined> {
  const sendsStatements = backend.probe?.kind !== Backend_Probe_Kind.INFO_ONLY;
  const [observe, most] = sendsStatements ? [observePart, IDS_PER_STATEMENT] : [observeEach, IDS_AT_ONCE];
  for (let from = 0; from < ids.length; from += most) yield observe(backend, ids.slice(from, from + most), limits);
}

/** Without a statement: one request for each. */
async function observeEach(backend: Backend, ids: readonly string[], limits: ClusterLimits): Promise<Observations> {
  const access = clusterAccess(backend);
  const found = await Promise.all(ids.map((id) => queryInfo(id, { ...access, ...limits })));
  const known = new Map<string, QueryObservation>();
  ids.forEach((id, at) => {
    const info = found[at];
    if (info === undefined) return;
    const { state, errorName, createdAt, startedAt, endedAt } = info;
    const times = { createdAt: epochMs(createdAt), startedAt: epochMs(startedAt), endedAt: epochMs(endedAt) };
    known.set(id, { state, errorName, ...times });
  });
  return { ids, known, incarnation: undefined };
}

async function observePart(backend: Backend, ids: readonly string[], limits: ClusterLimits): Promise<Observations> {
  const list = ids.map((id) => `'${id}'`).join(', ');
  const statement = `SELECT query_id, state, error_code, to_unixtime(created), to_unixtime(started), to_unixtime("end") FROM system.runtime.queries WHERE query_id IN (${list})`;
  const { queryId, rows, error } = await runStatement({ ...clusterAccess(backend), statement, ...limits });
  if (error) throw new Error(describeQueryError(error));
  const known = new Map(
    rows.map(([id, state, errorName, createdAt, startedAt, endedAt]) => [
      String(id),
      {
        state: String(state),
        errorName: typeof errorName === 'string' ? errorName : undefined,
        createdAt: milliseconds(createdAt),
        startedAt: milliseconds(startedAt),
        endedAt: milliseconds(endedAt),
      },
    ]),
  );
  return { ids, known, incarnation: querySuffix(queryId) };
}

function epochMs(time: string | undefined): number | undefined {
  const at = Date.parse(time ?? '');
  return Number.isNaN(at) ? undefined : at;
}

function milliseconds(seconds: unknown): number | undefined {
  return typeof seconds === 'number' ? Math.round(seconds * 1_000) : undefined;
}
