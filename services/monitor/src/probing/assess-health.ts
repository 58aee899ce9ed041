import { create } from '@bufbuild/protobuf';
import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import { type BackendStatus, BackendStatusSchema, BackendStatus_State as State } from '@trino-gateway/api/gateway';
import type { Look } from './probe-result.ts';

/** The settings a verdict depends on; times in milliseconds. */
export type VerdictSettings = {
  interval: number;
  probation: number;
  failures_before_unhealthy: number;
  passes_before_healthy: number;
};

/** What is known about a backend after a look, and what the next verdict needs to know. */
export type Finding = {
  status: BackendStatus;
  /** Worth a line in the log: the state, the health, or whether the load is known. */
  changed: boolean;
  /** When to look next, in milliseconds from now. */
  lookAgainInMs: number;
  /** Looks in a row that contradict `status.healthy`. */
  contradictions: number;
  /** Of the life last seen; undefined before it was ever told. */
  uptimeMs: number | undefined;
  /** Epoch milliseconds; 0 when it is not on probation, Infinity from the moment it says starting. */
  probationUntil: number;
};

/** A cluster that says starting is looked at this often: `/v1/info` costs nothing. */
const STARTING_INTERVAL_MS = 1_000;
/**
 * Uptime counts from the start of the process, probation from the end of starting. When that end was not seen, a life
 * older than this and the probation together is surely past both.
 */
const LONGEST_START_MS = 60_000;

/**
 * What a look means. A restart (a smaller uptime, or another suffix of its query ids) and the end of starting put the
 * backend on probation at once; other changes of its health take as many looks in a row as the settings say. The first
 * look decides at once, with the probation left by the uptime.
 * @param now epoch milliseconds
 */
export function verdict(
  backendId: string,
  previous: Finding | undefined,
  look: Look,
  settings: VerdictSettings,
  now: number,
): Finding {
  const restarted = previous !== undefined && sawRestart(previous, look);
  const probationUntil = probationEnd(previous, look, restarted, settings, now);
  const onProbation = probationUntil > now;
  const passed = look.outcome === 'passed';
  const { healthy, contradictions, progress } = onProbation
    ? { healthy: false, contradictions: 0, progress: '' }
    : health(previous, passed, settings);
  const state = stateOf(look, onProbation);
  const reason = [
    look.outcome === 'starting' ? 'it says that it is starting' : '',
    state === State.PROBATION ? `it has just started: on probation for ${settings.probation / 1_000} s` : '',
    look.outcome === 'unreachable' || look.outcome === 'failing' ? look.reason : '',
    progress,
    passed && look.load === undefined ? `its load is unknown: ${look.loadProblem ?? 'not read'}` : '',
  ];
  const status = create(BackendStatusSchema, {
    backendId,
    state,
    healthy,
    ...(passed && look.load
      ? { clusterLoad: look.load.load, running: look.load.running, queued: look.load.queued }
      : {}),
    ...(passed && look.workers !== undefined ? { workers: look.workers } : {}),
    trinoVersion: look.outcome === 'unreachable' ? (previous?.status.trinoVersion ?? '') : look.version,
    coordinatorId: coordinatorIdOf(look) ?? (restarted ? '' : (previous?.status.coordinatorId ?? '')),
    observedAt: timestampFromMs(now),
    reason: reason.filter(Boolean).join('; '),
  });
  return {
    status,
    changed: previous === undefined || differs(previous.status, status),
    lookAgainInMs: Math.min(
      settings.interval,
      look.outcome === 'starting' ? STARTING_INTERVAL_MS : Number.POSITIVE_INFINITY,
      onProbation ? probationUntil - now : Number.POSITIVE_INFINITY,
    ),
    contradictions,
    uptimeMs: uptimeOf(look) ?? previous?.uptimeMs,
    probationUntil,
  };
}

function sawRestart(previous: Finding, look: Look): boolean {
  const uptimeMs = uptimeOf(look);
  if (uptimeMs !== undefined && previous.uptimeMs !== undefined && uptimeMs < previous.uptimeMs) return true;
  const id = coordinatorIdOf(look);
  const before = previous.status.coordinatorId;
  return id !== undefined && before !== '' && id !== before;
}

function probationEnd(
  previous: Finding | undefined,
  look: Look,
  restarted: boolean,
  { probation }: VerdictSettings,
  now: number,
): number {
  if (look.outcome === 'unreachable') return previous?.probationUntil ?? 0;
  if (look.outcome === 'starting') return Number.POSITIVE_INFINITY;
  const uptimeMs = look.uptimeMs ?? Number.POSITIVE_INFINITY;
  if (previous === undefined) return uptimeMs < probation ? now + probation - uptimeMs : 0;
  if (previous.probationUntil === Number.POSITIVE_INFINITY) return now + probation;
  // A cluster that was never reached before may have come up just now.
  const isNewLife = restarted || previous.uptimeMs === undefined;
  if (!isNewLife) return previous.probationUntil;
  return uptimeMs < probation + LONGEST_START_MS ? now + probation : 0;
}

function health(
  previous: Finding | undefined,
  passed: boolean,
  settings: VerdictSettings,
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

function stateOf(look: Look, onProbation: boolean): State {
  switch (look.outcome) {
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

function uptimeOf(look: Look): number | undefined {
  return look.outcome === 'unreachable' ? undefined : look.uptimeMs;
}

function coordinatorIdOf(look: Look): string | undefined {
  return look.outcome === 'unreachable' ? undefined : look.coordinatorId;
}
