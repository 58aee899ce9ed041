import { type BackendStatus, BackendStatus_State, type ConnectionReport } from '@trino-gateway/api/gateway';
import { epochMs } from './timestamps.ts';

/** What is known of the connections to one backend. Times are epoch milliseconds by the gatewayserver's clock. */
export type ConnectionFacts = {
  /** Where it is now. */
  url: string;
  /** What each router told. */
  reports: readonly ConnectionReport[];
  /** The monitor's last finding. */
  status: BackendStatus | undefined;
};

/** Whether routers can connect to a backend, and until when that holds while nobody tells anything new. */
export type ConnectionState =
  | { kind: 'fine'; until: number }
  /** They cannot: it takes no new queries, of whichever router. */
  | { kind: 'failing'; report: ConnectionReport; until: number }
  /** They may again: it takes one query at a time, until a router gets an answer of it. */
  | ({ kind: 'halfOpen'; until: number } & HalfOpen);

/** `from`: since when one query may try it. `failedAt`: when a connection last failed. */
export type HalfOpen = { from: number; failedAt: number };

/** So many failures in a row are enough, also where only one router has seen them. */
const FAILURES = 3;
/** As long as a router's word keeps a backend out, when the monitor says nothing: as its next regular probe. */
const FAILING_MS = 10_000;
/** After that the monitor's finding counts alone. */
const HALF_OPEN_MS = 30_000;
/** A query that tries it has an answer by then, or is given up. */
const TRIAL_MS = 10_000;
/** Between a trial that failed and the next one. */
const PAUSE_MS = 1_000;

/**
 * One router with a broken network must not take a backend away from all:
 * - what it tells counts until the monitor's next probe passes, or another router gets an answer, whichever comes first, and never for
 *   longer than ten seconds after its last failure;
 * - once it was contradicted so, the rest of its failures in a row count for nothing.
 * A single failure counts as soon as the monitor cannot connect either. Whoever comes back is tried by one query first.
 */
export function connectionState(facts: ConnectionFacts, now: number): ConnectionState {
  let state: ConnectionState = { kind: 'fine', until: Number.POSITIVE_INFINITY };
  for (const report of openReports(facts)) {
    const one = stateBy(report, facts.status, now);
    if (one.kind === 'failing') return one;
    if (one.kind === 'halfOpen' && (state.kind === 'fine' || one.failedAt > state.failedAt)) state = one;
  }
  return state;
}

/** The failures in a row that no router has contradicted: routers that get an answer are asked to tell. */
export function openReports({ url, reports }: Omit<ConnectionFacts, 'status'>): ConnectionReport[] {
  if (reports.length === 0) return [];
  const here = reports.filter((report) => report.url === url);
  const reachedAt = Math.max(0, ...here.map((report) => epochMs(report.reachedAt)));
  return here.filter(({ failures, failingSince }) => failures > 0 && reachedAt <= epochMs(failingSince));
}

/** Whether the monitor should look now: a router cannot connect, and no probe has passed or settled it since. */
export function isDoubted(facts: ConnectionFacts): boolean {
  if (facts.status?.healthy !== true) return false;
  return openReports(facts).some(({ failingSince }) => !passedSince(facts.status, epochMs(failingSince)));
}

/** Whether a query is trying a backend that is half open, or has just tried in vain. */
export function isTried({ from, failedAt }: HalfOpen, lastStartedAt: number, now: number): boolean {
  if (now < failedAt + PAUSE_MS) return true;
  return lastStartedAt >= Math.max(from, failedAt) && now < lastStartedAt + TRIAL_MS;
}

function stateBy(report: ConnectionReport, status: BackendStatus | undefined, now: number): ConnectionState {
  const since = epochMs(report.failingSince);
  const failedAt = epochMs(report.failedAt);
  const isEnough = report.failures >= FAILURES;
  const isConfirmed = status?.state === BackendStatus_State.UNREACHABLE && epochMs(status.reportedAt) > since;
  const counts = (isEnough || isConfirmed) && !passedSince(status, since) && !isOfFormer(report, status);
  if (counts && now < failedAt + FAILING_MS) return { kind: 'failing', report, until: failedAt + FAILING_MS };
  const healthySince = status?.healthy === true ? epochMs(status.healthySince) : 0;
  const from = healthySince > since ? healthySince : isEnough ? failedAt : 0;
  const until = from + HALF_OPEN_MS;
  if (now < until) return { kind: 'halfOpen', from, failedAt, until };
  return { kind: 'fine', until: Number.POSITIVE_INFINITY };
}

function passedSince(status: BackendStatus | undefined, since: number): boolean {
  return status?.healthy === true && status.state === BackendStatus_State.UP && epochMs(status.reportedAt) > since;
}

/** About an incarnation that is not there any more. */
function isOfFormer({ coordinatorId }: ConnectionReport, status: BackendStatus | undefined): boolean {
  const present = status?.coordinatorId ?? '';
  return coordinatorId !== '' && present !== '' && coordinatorId !== present;
}
