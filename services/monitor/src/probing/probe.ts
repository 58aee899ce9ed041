import { clusterAccess, hasLogin } from '@trino-gateway/api/cluster-access';
import { type Backend, Backend_Probe_Kind, Backend_Probe_Load_Source as Source } from '@trino-gateway/api/gateway';
import { unreadableSecret } from '@trino-gateway/api/sealed-secret';
import { describeError } from '@trino-gateway/runtime';
import { coordinatorSuffix, durationMs } from '@trino-gateway/trino';
import { runStatement, type StatementResult, serverInfo, TrinoHttpError } from '@trino-gateway/trino/client';
import type { ClusterConnections, ClusterLimits } from '../clusters/cluster-connections.ts';
import { clusterLoad } from '../clusters/cluster-load.ts';
import { describeFailure, describeQueryError } from '../clusters/describe-failure.ts';
import { NOT_OUR_OWN } from '../clusters/own-statements.ts';
import { type MetricsLoad, readMetrics } from '../clusters/read-metrics.ts';
import type { Incarnation, ProbeResult } from './probe-result.ts';

const DEFAULT_STATEMENT = 'SELECT 1';
const LOAD_STATEMENT = `SELECT state, count(*) FROM system.runtime.queries WHERE state NOT IN ('FINISHED', 'FAILED') AND ${NOT_OUR_OWN} GROUP BY state`;
const NODES_STATEMENT = `SELECT count(*) FROM system.runtime.nodes WHERE state = 'active'`;

/** What the steps of a probe share. */
type Probing = ClusterLimits & {
  backend: Backend;
  /** Why the token file of the backend cannot be read. */
  tokenProblem: string | undefined;
  leftMs: () => number;
  run: (statement: string) => Promise<StatementResult>;
};

/**
 * Probes one cluster: `/v1/info`, and where statements may be sent the health statement, then load and number of workers. What
 * goes wrong is part of the result; it throws only when the signal is aborted.
 */
export async function probe(
  configured: Backend,
  limits: ClusterLimits,
  tokens: Pick<ClusterConnections, 'withToken'>,
): Promise<ProbeResult> {
  const { timeLimitMs, signal, dispatcher } = limits;
  const deadline = performance.now() + timeLimitMs;
  const leftMs = () => Math.max(1, Math.round(deadline - performance.now()));
  const { backend, tokenProblem } = await withTokenOfFile(configured, tokens);
  const access = clusterAccess(backend);
  const run = (statement: string) =>
    runStatement({ ...access, statement, signal, dispatcher, timeLimitMs: leftMs(), maxRows: 1_000 });
  const probing = { backend, tokenProblem, ...limits, leftMs, run };

  const info = await askInfo(probing);
  if ('outcome' in info) return info;
  if (tokenProblem !== undefined) return { outcome: 'failing', reason: tokenProblem, ...info };
  const isInfoOnly = backend.probe?.kind === Backend_Probe_Kind.INFO_ONLY;
  if (isInfoOnly && !readsMetrics(backend))
    return { outcome: 'passed', ...info, loadProblem: 'a probe of kind INFO_ONLY does not read it' };
  const unreadable = unreadableSecret(backend);
  if (unreadable) return { outcome: 'failing', reason: unreadable, ...info };
  const { problem, ...incarnation } = isInfoOnly
    ? { ...info, problem: undefined }
    : await runHealthStatement(probing, info);
  if (problem !== undefined) return { outcome: 'failing', reason: `the health statement: ${problem}`, ...incarnation };
  const { unhealthy, ...load } = await (readsMetrics(backend) ? readMetricsOf(probing) : readLoad(probing));
  signal.throwIfAborted();
  if (unhealthy !== undefined) return { outcome: 'failing', reason: `its metrics: ${unhealthy}`, ...incarnation };
  return { outcome: 'passed', ...incarnation, ...load };
}

function readsMetrics({ probe }: Backend): boolean {
  const source = probe?.load?.source;
  return source === Source.GATEWAY_METRICS || source === Source.OPEN_METRICS;
}

/** Without bounds a cluster whose metrics cannot be had is healthy all the same: its load is unknown then. */
async function readMetricsOf({ backend, timeLimitMs, signal, dispatcher, leftMs }: Probing): Promise<MetricsLoad> {
  const load = backend.probe?.load;
  if (!load) return {};
  try {
    const access = clusterAccess(backend);
    return await readMetrics(load, { ...access, signal, dispatcher, timeLimitMs: leftMs() });
  } catch (error) {
    signal.throwIfAborted();
    const problem = describeFailure(error, timeLimitMs);
    return load.bounds.length > 0 ? { unhealthy: problem } : { loadProblem: problem };
  }
}

/** The backend with the token of its token file, where it has one. */
async function withTokenOfFile(
  backend: Backend,
  { withToken }: Pick<ClusterConnections, 'withToken'>,
): Promise<Pick<Probing, 'backend' | 'tokenProblem'>> {
  try {
    return { backend: await withToken(backend), tokenProblem: undefined };
  } catch (error) {
    return { backend, tokenProblem: describeError(error) };
  }
}

/** Which incarnation answers; a result when it is not one that can run statements. */
async function askInfo({
  backend,
  tokenProblem,
  timeLimitMs,
  signal,
  dispatcher,
  leftMs,
}: Probing): Promise<Incarnation | ProbeResult> {
  try {
    // Open to everybody: no credentials, and no headers that some clusters refuse.
    const { url, user, ...login } = clusterAccess(backend);
    const info = await serverInfo({ url, user, signal, dispatcher, timeLimitMs: leftMs() }).catch((error: unknown) => {
      // A proxy in front of it may ask everybody for credentials.
      const isRefused = error instanceof TrinoHttpError && (error.status === 401 || error.status === 403);
      if (isRefused && tokenProblem !== undefined) throw new Error(tokenProblem);
      if (!isRefused || !hasLogin(backend)) throw error;
      return serverInfo({ url, user, ...login, signal, dispatcher, timeLimitMs: leftMs() });
    });
    if (!info.coordinator)
      return { outcome: 'unreachable', reason: 'a worker answers there: expected the address of the coordinator' };
    const { version, coordinatorId } = info;
    const incarnation = { version, uptimeMs: durationMs(info.uptime), coordinatorId };
    return info.starting ? { outcome: 'starting', ...incarnation } : incarnation;
  } catch (error) {
    signal.throwIfAborted();
    return { outcome: 'unreachable', reason: `GET /v1/info: ${describeFailure(error, timeLimitMs)}` };
  }
}

/** Its query id tells the suffix that older versions do not say in `/v1/info`. */
async function runHealthStatement(
  { backend, timeLimitMs, signal, run }: Probing,
  incarnation: Incarnation,
): Promise<Incarnation & { problem: string | undefined }> {
  try {
    const { queryId, error } = await run(backend.probe?.statement || DEFAULT_STATEMENT);
    const coordinatorId = coordinatorSuffix(queryId) ?? incarnation.coordinatorId;
    return { ...incarnation, coordinatorId, problem: error && describeQueryError(error) };
  } catch (error) {
    signal.throwIfAborted();
    return { ...incarnation, problem: describeFailure(error, timeLimitMs) };
  }
}

async function readLoad({ timeLimitMs, run }: Probing): Promise<MetricsLoad> {
  const [queries, nodes] = await Promise.all([
    readRows(run(LOAD_STATEMENT), timeLimitMs),
    readRows(run(NODES_STATEMENT), timeLimitMs),
  ]);
  const workers = 'rows' in nodes ? Number(nodes.rows[0]?.[0]) : Number.NaN;
  return {
    ...('rows' in queries
      ? { load: clusterLoad(new Map(queries.rows.map(([state, count]) => [String(state), Number(count)]))) }
      : { loadProblem: queries.problem }),
    ...(Number.isInteger(workers) ? { workers } : {}),
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
