import { create } from '@bufbuild/protobuf';
import { timestampFromMs, timestampMs } from '@bufbuild/protobuf/wkt';
import { type Query, Query_ErrorSchema, QuerySchema, Query_State as State } from '@trino-gateway/api/gateway';
import type { Sighting } from '../clusters/observe-queries.ts';

/**
 * A cluster keeps what has ended for a quarter of an hour, and gives a statement nobody polls up after five minutes. What
 * it does not know this long after the submission it will not know again.
 */
const UNKNOWN_AFTER_MS = 600_000;

/**
 * What is new about an open entry of the history, as a report that completes it; undefined when nothing is.
 * @param sighting undefined when the cluster does not know the query
 * @param now epoch milliseconds
 */
export function newsOf(entry: Query, sighting: Sighting | undefined, now: number): Query | undefined {
  const submittedAt = entry.submittedAt ? timestampMs(entry.submittedAt) : now;
  const report = create(QuerySchema, { id: entry.id, submittedAt: timestampFromMs(submittedAt) });
  if (!sighting) {
    if (now - submittedAt < UNKNOWN_AFTER_MS) return undefined;
    report.state = State.UNKNOWN;
    return report;
  }
  report.state = stateOf(sighting.state);
  if (report.state === entry.state || report.state === State.QUEUED) return undefined;
  // By the cluster's clock: the order of what is stored must hold all the same.
  const startedAt = sighting.startedAt === undefined ? undefined : Math.max(sighting.startedAt, submittedAt);
  if (startedAt !== undefined) report.startedAt = timestampFromMs(startedAt);
  if (report.state === State.RUNNING) return report;
  report.endedAt = timestampFromMs(Math.max(sighting.endedAt ?? now, startedAt ?? submittedAt));
  if (report.state === State.FAILED) report.error = create(Query_ErrorSchema, { name: sighting.errorName ?? '' });
  return report;
}

function stateOf(trinoState: string): State {
  switch (trinoState) {
    case 'FINISHED':
      return State.FINISHED;
    case 'FAILED':
      return State.FAILED;
    case 'QUEUED':
    case 'WAITING_FOR_RESOURCES':
      return State.QUEUED;
    default:
      // DISPATCHING, PLANNING, STARTING, RUNNING, FINISHING: it has left the queue and has not ended.
      return State.RUNNING;
  }
}
