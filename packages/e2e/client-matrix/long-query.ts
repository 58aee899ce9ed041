import { setTimeout as sleep } from 'node:timers/promises';
import { exchange } from '@trino-gateway/testing/trino-client/exchange';
import { runStatement } from '@trino-gateway/testing/trino-client/run-statement';
import { longQueryMark } from './cases.ts';

/** Waits until one of the clusters says that the long query with that mark runs; answers false when none does in time. */
export async function untilItRuns(
  backends: readonly string[],
  user: string,
  mark: string,
  signal: AbortSignal,
): Promise<boolean> {
  return (await findLongQuery(backends, user, mark, signal, ({ state }) => state === 'RUNNING')) !== undefined;
}

/**
 * Waits until one of the clusters says that the long query with that mark is over; answers its error, or FINISHED. One that
 * still runs when the signal fires is killed: it would take the time of the cluster from the next client.
 */
export async function howItEnded(
  backends: readonly string[],
  user: string,
  mark: string,
  signal: AbortSignal,
): Promise<string> {
  const ended = await findLongQuery(backends, user, mark, signal, ({ state }) => !ALIVE.has(state));
  if (ended !== undefined) return ended.state;
  const alive = await findLongQuery(backends, user, mark, AbortSignal.timeout(30_000), ({ state }) => ALIVE.has(state));
  if (alive !== undefined) {
    const link = new URL(`/v1/query/${alive.id}`, alive.backend);
    await exchange(link, { method: 'DELETE', headers: { 'X-Trino-User': user }, signal: AbortSignal.timeout(30_000) });
  }
  return `still ${alive?.state ?? 'unknown'}`;
}

const ALIVE = new Set([
  'QUEUED',
  'WAITING_FOR_RESOURCES',
  'DISPATCHING',
  'PLANNING',
  'STARTING',
  'RUNNING',
  'FINISHING',
]);

/** A query as a cluster lists it; `state` is its error's name when it failed. */
type Seen = { backend: string; id: string; state: string };

async function findLongQuery(
  backends: readonly string[],
  user: string,
  mark: string,
  signal: AbortSignal,
  enough: (seen: Seen) => boolean,
): Promise<Seen | undefined> {
  const statement = `SELECT query_id, coalesce(error_code, state) FROM system.runtime.queries
    WHERE query LIKE '%${longQueryMark(mark)}%' AND query NOT LIKE '%runtime.queries%'`;
  while (!signal.aborted) {
    for (const backend of backends) {
      const result = await runStatement(backend, statement, { user, signal }).catch(() => undefined);
      const [id, state] = result?.rows[0] ?? [];
      const seen = { backend, id: String(id), state: String(state) };
      if (id !== undefined && enough(seen)) return seen;
    }
    await sleep(250);
  }
  return undefined;
}
