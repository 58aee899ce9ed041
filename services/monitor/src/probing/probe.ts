import type { Backend } from '@trino-gateway/api/gateway';
import { isSealed, unreadablePassword } from '@trino-gateway/api/sealed-secret';
import { coordinatorSuffix } from '@trino-gateway/trino';
import { runStatement, type StatementResult, serverInfo } from '@trino-gateway/trino/client';
import { PROBE_SOURCE } from '@trino-gateway/trino/probe-source';
import { callerOf } from '../clusters/cluster-access.ts';
import { clusterLoad } from '../clusters/cluster-load.ts';
import { describeFailure, describeQueryError } from '../clusters/describe-failure.ts';
import type { Life, Look } from './probe-result.ts';
import { parseUptime } from './trino-duration.ts';

const DEFAULT_STATEMENT = 'SELECT 1';
// Somebody else's statement may borrow our source, and our user may run other things: both together are a probe.
const LOAD_STATEMENT = `SELECT state, count(*) FROM system.runtime.queries WHERE state NOT IN ('FINISHED', 'FAILED') AND (source IS DISTINCT FROM '${PROBE_SOURCE}' OR "user" <> current_user) GROUP BY state`;
const NODES_STATEMENT = `SELECT count(*) FROM system.runtime.nodes WHERE state = 'active'`;

/** How a probe is bounded: all of it together in milliseconds, and the signal that ends it early. */
export type ProbeLimits = { timeLimitMs: number; signal: AbortSignal };

/**
 * Looks at one cluster: `/v1/info`, the health statement, then load and number of workers. What goes wrong is part of
 * the answer; it throws only when the signal is aborted.
 */
export async function probe(backend: Backend, { timeLimitMs, signal }: ProbeLimits): Promise<Look> {
  const deadline = performance.now() + timeLimitMs;
  const leftMs = () => Math.max(1, Math.round(deadline - performance.now()));
  const caller = callerOf(backend);
  const ask = (statement: string): Promise<StatementResult> =>
    runStatement({ ...caller, statement, signal, timeLimitMs: leftMs(), maxRows: 1_000 });

  let life: Life;
  try {
    // Open to everybody: no credentials, and no headers that some clusters refuse.
    const info = await serverInfo({ url: backend.url, user: caller.user, signal, timeLimitMs: leftMs() });
    if (!info.coordinator)
      return { outcome: 'unreachable', reason: 'a worker answers there: expected the address of the coordinator' };
    life = { version: info.version, uptimeMs: parseUptime(info.uptime), coordinatorId: info.coordinatorId };
    if (info.starting) return { outcome: 'starting', ...life };
  } catch (error) {
    signal.throwIfAborted();
    return { outcome: 'unreachable', reason: `GET /v1/info: ${describeFailure(error, timeLimitMs)}` };
  }

  if (isSealed(backend.probe?.password)) return { outcome: 'failing', reason: unreadablePassword, ...life };

  try {
    const { queryId, error } = await ask(backend.probe?.statement || DEFAULT_STATEMENT);
    life.coordinatorId = coordinatorSuffix(queryId) ?? life.coordinatorId;
    if (error) return { outcome: 'failing', reason: `the health statement: ${describeQueryError(error)}`, ...life };
  } catch (error) {
    signal.throwIfAborted();
    return { outcome: 'failing', reason: `the health statement: ${describeFailure(error, timeLimitMs)}`, ...life };
  }

  const [load, workers] = await Promise.all([
    readRows(ask(LOAD_STATEMENT), timeLimitMs),
    readRows(ask(NODES_STATEMENT), timeLimitMs),
  ]);
  signal.throwIfAborted();
  const count = 'rows' in workers ? Number(workers.rows[0]?.[0]) : Number.NaN;
  return {
    outcome: 'passed',
    ...life,
    ...('rows' in load
      ? { load: clusterLoad(new Map(load.rows.map(([state, queries]) => [String(state), Number(queries)]))) }
      : { loadProblem: load.problem }),
    ...(Number.isInteger(count) ? { workers: count } : {}),
  };
}

async function readRows(
  running: Promise<StatementResult>,
  timeLimitMs: number,
): Promise<{ rows: unknown[][] } | { problem: string }> {
  try {
    const { rows, error } = await running;
    return error ? { problem: describeQueryError(error) } : { rows };
  } catch (error) {
    return { problem: describeFailure(error, timeLimitMs) };
  }
}
