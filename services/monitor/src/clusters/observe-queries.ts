import type { Backend } from '@trino-gateway/api/gateway';
import { querySuffix } from '@trino-gateway/trino';
import { runStatement } from '@trino-gateway/trino/client';
import { clusterAccess } from './cluster-access.ts';
import { describeQueryError } from './describe-failure.ts';

/** A query as system.runtime.queries of a cluster shows it. Times are epoch milliseconds. */
export type QueryObservation = {
  state: string;
  /** Trino's error name, when it failed. */
  errorName: string | undefined;
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

/**
 * Asks the cluster about these queries, a part of them at a time. Throws what runStatement throws, and an Error with what
 * the cluster says when it does not show its queries.
 * @param ids each of Trino's shape
 */
export async function* observeQueries(
  backend: Backend,
  ids: readonly string[],
  limits: { timeLimitMs: number; signal: AbortSignal },
): AsyncGenerator<Observations, void, undefined> {
  for (let from = 0; from < ids.length; from += IDS_PER_STATEMENT)
    yield observePart(backend, ids.slice(from, from + IDS_PER_STATEMENT), limits);
}

async function observePart(
  backend: Backend,
  ids: readonly string[],
  limits: { timeLimitMs: number; signal: AbortSignal },
): Promise<Observations> {
  const list = ids.map((id) => `'${id}'`).join(', ');
  const statement = `SELECT query_id, state, error_code, to_unixtime(started), to_unixtime("end") FROM system.runtime.queries WHERE query_id IN (${list})`;
  const { queryId, rows, error } = await runStatement({ ...clusterAccess(backend), statement, ...limits });
  if (error) throw new Error(describeQueryError(error));
  const known = new Map(
    rows.map(([id, state, errorName, startedAt, endedAt]) => [
      String(id),
      {
        state: String(state),
        errorName: typeof errorName === 'string' ? errorName : undefined,
        startedAt: milliseconds(startedAt),
        endedAt: milliseconds(endedAt),
      },
    ]),
  );
  return { ids, known, incarnation: querySuffix(queryId) };
}

function milliseconds(seconds: unknown): number | undefined {
  return typeof seconds === 'number' ? Math.round(seconds * 1_000) : undefined;
}
