import { readSessionDuration } from '../durations/session-duration.ts';
import type { RawHeaders } from '../headers/raw-headers.ts';
import { sessionProperty, withoutSessionProperty, withSessionProperty } from './session-properties.ts';

const RUN_TIME = 'query_max_run_time';
/** Trino has no such property: it is the gateway's own, and no cluster gets it. */
const QUEUED_TIME = 'query_max_queued_time';
const DURATIONS = [RUN_TIME, QUEUED_TIME, 'query_max_execution_time', 'query_max_planning_time', 'query_max_cpu_time'];

/** What a client allows its query, in milliseconds since it arrived: for all of its time, or for its wait. */
export type TimeLimit = { kind: 'run' | 'queued'; ms: number; message: string };

/**
 * The earliest of a client's own limits that runs while its query waits: for all of its time, or for its wait. Undefined when it
 * has set none.
 */
export function waitLimit(rawHeaders: RawHeaders): TimeLimit | undefined {
  const run = runLimit(rawHeaders);
  const queued = limitOf(rawHeaders, 'queued');
  return run === undefined || (queued !== undefined && queued.ms < run.ms) ? queued : run;
}

/** The limit of all the time that a query may take (QueryTracker.enforceTimeLimits). */
export function runLimit(rawHeaders: RawHeaders): TimeLimit | undefined {
  return limitOf(rawHeaders, 'run');
}

/**
 * The headers that a cluster gets of a query that arrived so long ago: its clock begins now, so the limit is what is left of it.
 * A limit on waiting is for the gateway alone.
 */
export function withTimeLeft(rawHeaders: RawHeaders, elapsedMs: number): RawHeaders {
  const limit = elapsedMs < LEAST_ELAPSED_MS ? undefined : runLimit(rawHeaders);
  const headers =
    limit === undefined ? rawHeaders : withSessionProperty(rawHeaders, RUN_TIME, inSeconds(limit.ms - elapsedMs));
  const own = sessionProperty(headers, QUEUED_TIME);
  const isOurs = own !== undefined && readSessionDuration(own)?.kind === 'duration';
  return isOurs ? withoutSessionProperty(headers, QUEUED_TIME) : headers;
}

/** Why Trino refuses the session for one of its time limits, as INVALID_SESSION_PROPERTY; undefined when it may take it. */
export function timeLimitProblem(rawHeaders: RawHeaders): string | undefined {
  for (const name of DURATIONS) {
    const text = sessionProperty(rawHeaders, name);
    const read = text === undefined ? undefined : readSessionDuration(text);
    if (read?.kind === 'invalid') return `Session property '${name}' is invalid: ${read.message}`;
  }
  return undefined;
}

/** Less is within what Trino itself is late: it looks at its limits once a second. */
const LEAST_ELAPSED_MS = 500;

/** What Trino says when such a limit is over; the same words for the wait, which it does not limit. */
export function timeLimitMessage(kind: TimeLimit['kind'], text: string): string {
  return `Query exceeded maximum ${kind === 'run' ? '' : 'queued '}time limit of ${text}`;
}

function limitOf(rawHeaders: RawHeaders, kind: TimeLimit['kind']): TimeLimit | undefined {
  const text = sessionProperty(rawHeaders, kind === 'run' ? RUN_TIME : QUEUED_TIME);
  const read = text === undefined ? undefined : readSessionDuration(text);
  return read?.kind === 'duration' ? { kind, ms: read.ms, message: timeLimitMessage(kind, read.text) } : undefined;
}

/** At least a millisecond: a query that is handed over is not over yet. */
function inSeconds(ms: number): string {
  return `${(Math.max(1, Math.round(ms)) / 1_000).toFixed(3)}s`;
}
