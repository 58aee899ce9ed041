import { clusterAccess } from '@trino-gateway/api/cluster-access';
import { type Backend, Backend_Probe_Kind, type BackendEvidence } from '@trino-gateway/api/gateway';
import { runStatement } from '@trino-gateway/trino/client';
import type { ClusterLimits } from '../clusters/cluster-connections.ts';
import { describeFailure } from '../clusters/describe-failure.ts';
import { NOT_OUR_OWN } from '../clusters/own-statements.ts';
import { type Answer, readEvidence, unknown } from './read-evidence.ts';

const QUERIES = `SELECT query_id, state, of_others, to_unixtime(current_timestamp) FROM (SELECT *, ${NOT_OUR_OWN} AS of_others FROM system.runtime.queries) WHERE state NOT IN ('FINISHED', 'FAILED')`;
const TRANSACTIONS =
  'SELECT transaction_id, auto_commit_context, to_unixtime(create_time) FROM system.runtime.transactions';

/**
 * Asks a cluster once what ties it. Whatever goes wrong is part of the answer: what is not known is never said to be nothing. Throws
 * only when the signal is aborted.
 */
export async function askEvidence(backend: Backend, limits: ClusterLimits): Promise<BackendEvidence> {
  if (backend.probe?.kind === Backend_Probe_Kind.INFO_ONLY)
    return unknown('its probe is INFO_ONLY: without a statement a cluster does not say what runs on it');
  // One after the other: START TRANSACTION is a query first, and a transaction then.
  const queries = await ask(backend, QUERIES, limits);
  if ('problem' in queries) return unknown(queries.problem);
  return readEvidence({ queries, transactions: await ask(backend, TRANSACTIONS, limits) });
}

async function ask(backend: Backend, statement: string, limits: ClusterLimits): Promise<Answer> {
  try {
    return await runStatement({ ...clusterAccess(backend), statement, ...limits });
  } catch (error) {
    limits.signal.throwIfAborted();
    return { problem: describeFailure(error, limits.timeLimitMs) };
  }
}
