import { clusterAccess } from '@trino-gateway/api/cluster-access';
import type { Backend } from '@trino-gateway/api/gateway';
import { runStatement } from '@trino-gateway/trino/client';
import type { ClusterLimits } from './cluster-connections.ts';
import { RUNNING_STATES } from './cluster-load.ts';
import { describeQueryError } from './describe-failure.ts';
import { NOT_OUR_OWN } from './own-statements.ts';

const STATES = [...RUNNING_STATES, 'STARTING'].map((state) => `'${state}'`).join(', ');
const STATEMENT = `SELECT query_id FROM system.runtime.queries WHERE state IN (${STATES}) AND ${NOT_OUR_OWN}`;

/** The ids of the queries that run on a cluster, probes of the gateway left out; at most 10,000. Throws like observeQueries. */
export async function runningQueries(backend: Backend, limits: ClusterLimits): Promise<string[]> {
  const { rows, error } = await runStatement({ ...clusterAccess(backend), statement: STATEMENT, ...limits });
  if (error) throw new Error(describeQueryError(error));
  return rows.map(([id]) => String(id));
}
