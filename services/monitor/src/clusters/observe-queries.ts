import type { Backend } from '@trino-gateway/api/gateway';
import { querySuffix } from '@trino-gateway/trino';
import { runStatement } from '@trino-gateway/trino/client';
import { callerOf } from './cluster-access.ts';
import { describeQueryError } from './describe-failure.ts';

/** A query as a cluster's system.runtime.queries shows it. Times are epoch milliseconds. */
export type Sighting = {
  state: string;
  /** Trino's error name, when it failed. */
  errorName: string | undefined;
  startedAt: number | undefined;
  endedAt: number | undefined;
};

/** What a cluster said about some queries. */
export type Sightings = {
  /** What was asked for. */
  ids: readonly string[];
  /** Those it knows. */
  seen: ReadonlyMap<string, Sighting>;
  /** The suffix of the coordinator's life that answered; undefined when it did not say. */
  life: string | undefined;
};

const IDS_PER_STATEMENT = 200;

/**
 * What the cluster knows of these queries, a part of them at a time. Throws what runStatement throws, and what the cluster
 * says when it does not show its queries.
 * @param ids each of Trino's shape
 */
export async function* readSightings(
  backend: Backend,
  ids: readonly string[],
  limits: { timeLimitMs: number; signal: AbortSignal },
): AsyncGenerator<Sightings, void, undefined> {
  for (let from = 0; from < ids.length; from += IDS_PER_STATEMENT)
    yield readSome(backend, ids.slice(from, from + IDS_PER_STATEMENT), limits);
}

async function readSome(
  backend: Backend,
  ids: readonly string[],
  limits: { timeLimitMs: number; signal: AbortSignal },
): Promise<Sightings> {
  const list = ids.map((id) => `'${id}'`).join(', ');
  const statement = `SELECT query_id, state, error_code, to_unixtime(started), to_unixtime("end") FROM system.runtime.queries WHERE query_id IN (${list})`;
  const { queryId, rows, error } = await runStatement({ ...callerOf(backend), statement, ...limits });
  if (error) throw new Error(describeQueryError(error));
  const seen = new Map(
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
  return { ids, seen, life: querySuffix(queryId) };
}

function milliseconds(seconds: unknown): number | undefined {
  return typeof seconds === 'number' ? Math.round(seconds * 1_000) : undefined;
}
