/** What the queries of a cluster amount to at one moment. */
export type ClusterLoad = {
  /** One number that compares clusters; see {@link clusterLoad}. */
  load: number;
  /** Queries that use the cluster. */
  running: number;
  /** Queries that wait in Trino. */
  queued: number;
};

/** In these states a query uses the cluster. */
export const RUNNING_STATES = ['RUNNING', 'PLANNING', 'FINISHING', 'DISPATCHING'];
// A query that waits for workers to come up waits like a queued one.
const WAITING = ['QUEUED', 'STARTING', 'WAITING_FOR_RESOURCES'];

/**
 * The load of a cluster by its number of queries per state, as Trino names them: those that run count double, those that
 * wait a third. States that have ended, or that nobody knows, count nothing.
 */
export function clusterLoad(queriesByState: ReadonlyMap<string, number>): ClusterLoad {
  const sum = (states: readonly string[]) =>
    states.reduce((total, state) => total + (queriesByState.get(state) ?? 0), 0);
  const running = sum(RUNNING_STATES);
  const queued = sum(WAITING);
  return { load: running * 2 + queued / 3, running, queued };
}
