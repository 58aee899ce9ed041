import { create } from '@bufbuild/protobuf';
import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import { type BackendStatus, BackendStatusSchema, BackendStatus_State as State } from '@trino-gateway/api/gateway';
import type { ClusterLoad } from '../clusters/cluster-load.ts';
import type { ProbeResult } from './probe-result.ts';

/** The settings an assessment depends on; times in milliseconds. */
export type HealthSettings = {
  interval: number;
  probation: number;
  failures_before_unhealthy: number;
  passes_before_healthy: number;
};

/** What is known about a backend after a probe, and what the next assessment needs to know. */
export type HealthAssessment = {
  status: BackendStatus;
  /** Worth a line in the log: the state, the health, or whether the load is known. */
  changed: boolean;
  /** When to probe next, in milliseconds from now. */
  nextProbeInMs: number;
  /** Probes in a row that contradict `status.healthy`. */
  contradictions: number;
  /** Of the incarnation last seen; undefined before any was known. */
  uptimeMs: number | undefined;
  /** Epoch milliseconds; 0 when it is not on probation, Infinity from the moment it says that it is starting. */
  probationUntil: number;
};

/** A cluster that is starting is probed this often: `/v1/info` costs nothing. */
const STARTING_INTERVAL_MS = 1_000;
/**
 * Uptime counts from the start of the process, probation from the end of starting. When that end was not seen, an
 * incarnation older than this and the probation together is surely past both.
 */
const LONGEST_START_MS = 60_000;

/**
 * What a probe says about the health of a backend. A restart (a smaller uptime, or another suffix of its query ids) and the
 * end of starting put the backend on probation at once; other changes of its health take as many probes in a row as the
 * settings say. The first probe decides at once, with the probation left by the uptime.
 * @param now epoch milliseconds
 */
export function assessHealth(
  backendId: string,
  previous: HealthAssessment | undefined,
  result: ProbeResult,
  settings: HealthSettings,
  now: number,
): HealthAssessment {
  const restarted = previous !== undefined && sawRestart(previous, result);
  const probationUntil = probationEnd(previous, result, restarted, settings, now);
  const onProbation = probationUntil > now;
  const passed = result.outcome === 'passed';
  const { healthy, contradictions, progress } = onProbation
    ? { healthy: false, contradictions: 0, progress: '' }
    : health(previous, passed, settings);
  const state = stateOf(result, onProbation);
  const reason = [
    result.outcome === 'starting' ? 'it says that it is starting' : '',
    state === State.PROBATION ? `it has just started: on probation for ${settings.probation / 1_000} s` : '',
    result.outcome === 'unreachable' || result.outcome === 'failing' ? result.reason : '',
    progress,
    passed && result.load === undefined ? `its load is unknown: ${result.loadProblem ?? 'not read'}` : '',
  ];
  const status = create(BackendStatusSchema, {
    backendId,
    state,
    healthy,
    ...(passed && result.load ? loadStatus(result.load) : {}),
    ...(passed && result.workers !== undefined ? { workers: result.workers } : {}),
    trinoVersion: result.outcome === 'unreachable' ? (previous?.status.trinoVersion ?? '') : result.version,
    coordinatorId: coordinatorIdOf(result) ?? (restarted ? '' : (previous?.status.coordinatorId ?? '')),
    observedAt: timestampFromMs(now),
    reason: reason.filter(Boolean).join('; '),
  });
  return {
    status,
    changed: previous === undefined || differs(previous.status, status),
    nextProbeInMs: Math.min(
      settings.interval,
      result.outcome === 'starting' ? STARTING_INTERVAL_MS : Number.POSITIVE_INFINITY,
      onProbation ? probationUntil - now : Number.POSITIVE_INFINITY,
    ),
    contradictions,
    uptimeMs: uptimeOf(result) ?? previous?.uptimeMs,
    probationUntil,
  };
}

function loadStatus({ load: clusterLoad, running, queued }: ClusterLoad) {
  return {
    clusterLoad,
    ...(running === undefined ? {} : { running }),
    ...(queued === undefined ? {} : { queued }),
  };
}

function sawRestart(previous: HealthAssessment, result: ProbeResult): boolean {
  const uptimeMs = uptimeOf(result);
  if (uptimeMs !== undefined && previous.uptimeMs !== undefined && uptimeMs < previous.uptimeMs) return true;
  const id = coordinatorIdOf(result);
  const before = previous.status.coordinatorId;
  return id !== undefined && before !== '' && id !== before;
}

function probationEnd(
  previous: HealthAssessment | undefined,
  result: ProbeResult,
  restarted: boolean,
  { probation }: HealthSettings,
  now: number,
): number {
  if (result.outcome === 'unreachable') return previous?.probationUntil ?? 0;
  if (result.outcome === 'starting') return Number.POSITIVE_INFINITY;
  const uptimeMs = result.uptimeMs ?? Number.POSITIVE_INFINITY;
  if (previous === undefined) return uptimeMs < probation ? now + probation - uptimeMs : 0;
  if (previous.probationUntil === Number.POSITIVE_INFINITY) return now + probation;
  // A cluster that was never reached before may have come up just now.
  const isNewIncarnation = restarted || previous.uptimeMs === undefined;
  if (!isNewIncarnation) return previous.probationUntil;
  return uptimeMs < probation + LONGEST_START_MS ? now + probation : 0;
}

function health(
  previous: HealthAssessment | undefined,
  passed: boolean,
  settings: HealthSettings,
): { healthy: boolean; contradictions: number; progress: string } {
  if (previous === undefined) return { healthy: passed, contradictions: 0, progress: '' };
  const { healthy } = previous.status;
  if (passed === healthy) return { healthy, contradictions: 0, progress: '' };
  const contradictions = previous.contradictions + 1;
  const needed = passed ? settings.passes_before_healthy : settings.failures_before_unhealthy;
  if (contradictions >= needed) return { healthy: passed, contradictions: 0, progress: '' };
  const progress = passed
    ? `${contradictions} of ${needed} passes before it counts as healthy`
    : `${contradictions} of ${needed} failures before it counts as unhealthy`;
  return { healthy, contradictions, progress };
}

function stateOf(result: ProbeResult, onProbation: boolean): State {
  switch (result.outcome) {
    case 'unreachable':
      return State.UNREACHABLE;
    case 'starting':
      return State.STARTING;
    case 'failing':
      return State.FAILING;
    case 'passed':
      return onProbation ? State.PROBATION : State.UP;
  }
}

function differs(before: BackendStatus, after: BackendStatus): boolean {
  const loadIsNews =
    before.state === State.UP &&
    after.state === State.UP &&
    (before.clusterLoad === undefined) !== (after.clusterLoad === undefined);
  return before.state !== after.state || before.healthy !== after.healthy || loadIsNews;
}

function uptimeOf(result: ProbeResult): number | undefined {
  return result.outcome === 'unreachable' ? undefined : result.uptimeMs;
}

function coordinatorIdOf(result: ProbeResult): string | undefined {
  return result.outcome === 'unreachable' ? undefined : result.coordinatorId;
}
