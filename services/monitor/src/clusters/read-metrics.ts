import { type Backend_Probe_Load, Backend_Probe_Load_Source as Source } from '@trino-gateway/api/gateway';
import { type ClusterRequestOptions, clusterText } from '@trino-gateway/trino/client';
import { type ClusterLoad, loadOf } from './cluster-load.ts';
import { readSeries, type Series } from './open-metrics.ts';

/** What was read of a cluster without SQL. `unhealthy` says which bound it does not keep. */
export type MetricsLoad = { load?: ClusterLoad; workers?: number; loadProblem?: string; unhealthy?: string };

const GATEWAY_METRICS = '/v1/integrations/gateway/metrics';
const OPEN_METRICS = '/metrics';
const RUNNING = 'trino_execution_name_QueryManager_RunningQueries';
const QUEUED = 'trino_execution_name_QueryManager_QueuedQueries';
/** All that a Trino 476 says of itself is 1.1 MB. */
const MOST_BYTES = 8 * 1024 * 1024;
const MOST_COUNT = 2 ** 31 - 1;

/**
 * Reads the load of a cluster from its metrics.
 * @throws when it does not answer, or with something else
 */
export async function readMetrics(asked: Backend_Probe_Load, options: ClusterRequestOptions): Promise<MetricsLoad> {
  const limited = { ...options, maxBytes: MOST_BYTES };
  return asked.source === Source.GATEWAY_METRICS
    ? gatewayMetrics(await clusterText(GATEWAY_METRICS, 'application/json', limited))
    : openMetrics(asked, await clusterText(pathOf(asked), 'application/openmetrics-text, text/plain;q=0.5', limited));
}

/** Trino answers `{clusterSize, totalFreeBytes, aggregatedSystemLoad}`: its nodes, and the sum of their CPU use, each from 0 to 1. */
export function gatewayMetrics(text: string): MetricsLoad {
  const { clusterSize, aggregatedSystemLoad } = parsed(text);
  if (!isWithin(clusterSize, 1_000_000) || !Number.isInteger(clusterSize))
    return { loadProblem: `${GATEWAY_METRICS} does not say clusterSize` };
  if (!isWithin(aggregatedSystemLoad, clusterSize))
    return { workers: clusterSize, loadProblem: `${GATEWAY_METRICS} does not say aggregatedSystemLoad` };
  const load = clusterSize === 0 ? 0 : (100 * aggregatedSystemLoad) / clusterSize;
  return { workers: clusterSize, load: { load } };
}

/** The load by the numbers of queries, as it is by SQL, and whether all bounds are kept. */
export function openMetrics(asked: Backend_Probe_Load, text: string): MetricsLoad {
  const [running, queued] = [asked.runningMetric || RUNNING, asked.queuedMetric || QUEUED];
  const series = readSeries(text, new Set([running, queued, ...asked.bounds.map(({ metric }) => metric)]));
  const unhealthy = brokenBound(asked, series);
  const problem = [running, queued].find((name) => !isCount(series.get(name)));
  return {
    ...(unhealthy === undefined ? {} : { unhealthy }),
    ...(problem === undefined
      ? { load: loadOf(Math.round(series.get(running) ?? 0), Math.round(series.get(queued) ?? 0)) }
      : { loadProblem: `${problem} is ${series.get(problem) ?? 'missing'}` }),
  };
}

function brokenBound({ bounds }: Backend_Probe_Load, series: Series): string | undefined {
  for (const { metric, minimum, maximum } of bounds) {
    const value = series.get(metric);
    if (value === undefined) return `${metric} is missing`;
    if (minimum !== undefined && value < minimum) return `${metric} is ${value}, expected at least ${minimum}`;
    if (maximum !== undefined && value > maximum) return `${metric} is ${value}, expected at most ${maximum}`;
  }
  return undefined;
}

/** Only what is asked for, where the cluster knows how to leave the rest out. */
function pathOf({ path, runningMetric, queuedMetric, bounds }: Backend_Probe_Load): string {
  const series = [runningMetric || RUNNING, queuedMetric || QUEUED, ...bounds.map(({ metric }) => metric)];
  const names = new Set(series.map((name) => name.replace(/\{.*/s, '')));
  return `${path || OPEN_METRICS}?${[...names].map((name) => `name%5B%5D=${encodeURIComponent(name)}`).join('&')}`;
}

function parsed(text: string): Record<string, unknown> {
  const value: unknown = JSON.parse(text);
  return typeof value === 'object' && value !== null ? { ...value } : {};
}

function isCount(value: number | undefined): boolean {
  return value !== undefined && isWithin(value, MOST_COUNT);
}

function isWithin(value: unknown, most: number): value is number {
  return typeof value === 'number' && value >= 0 && value <= most;
}
