/** How busy a cluster is at one moment. */
export type ClusterLoad = {
  /** One number by which clusters are compared; see {@link clusterLoad}. */
  load: number;
  /** Queries that use the cluster; undefined where only its load is known. */
  running?: number;
  /** Queries that wait in Trino. */
  queued?: number;
};

/** The states in which a query uses the cluster. */
export const RUNNING_STATES = ['RUNNING', 'PLANNING', 'FINISHING', 'DISPATCHING'];
// A query that waits for workers to start counts like a queued one.
const WAITING = ['QUEUED', 'STARTING', 'WAITING_FOR_RESOURCES'];

/**
 * The load of a cluster by its number of queries per state of Trino: a running query counts two, a waiting one a third.
 * Ended and unknown states do not count.
 */
export function clusterLoad(queriesByState: ReadonlyMap<string, number>): ClusterLoad {
  const sum = (states: readonly string[]) =>
    states.reduce((total, state) => total + (queriesByState.get(state) ?? 0), 0);
  return loadOf(sum(RUNNING_STATES), sum(WAITING));
}

/** By the numbers of queries alone. */
export function loadOf(running: number, queued: number): ClusterLoad {
  return { load: running * 2 + queued / 3, running, queued };
}
