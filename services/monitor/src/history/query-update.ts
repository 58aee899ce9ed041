import { create } from '@bufbuild/protobuf';
import { timestampFromMs, timestampMs } from '@bufbuild/protobuf/wkt';
import { routerAheadMs } from '@trino-gateway/api/cluster-clock';
import { type Query, Query_ErrorSchema, QuerySchema, Query_State as State } from '@trino-gateway/api/gateway';
import type { QueryObservation } from '../clusters/observe-queries.ts';

/**
 * A cluster keeps ended queries for a quarter of an hour, and gives up a statement that nobody polls after five minutes. A
 * query it does not know this long after the submission will never be known again.
 */
const UNKNOWN_AFTER_MS = 600_000;

/**
 * What is new about an open query of the history, as a report that completes its entry; undefined when nothing is.
 * @param observation undefined when the cluster does not know the query
 * @param now epoch milliseconds
 */
export function queryUpdate(entry: Query, observation: QueryObservation | undefined, now: number): Query | undefined {
  const submittedAt = entry.submittedAt ? timestampMs(entry.submittedAt) : now;
  const update = create(QuerySchema, { id: entry.id, submittedAt: timestampFromMs(submittedAt) });
  if (!observation) {
    if (now - submittedAt < UNKNOWN_AFTER_MS) return undefined;
    update.state = State.UNKNOWN;
    return update;
  }
  update.state = stateOf(observation.state);
  if (update.state === entry.state || update.state === State.QUEUED) return undefined;
  const aheadMs = routerAheadMs({ submittedAt, queuedMs: entry.queuedMs }, observation.createdAt);
  const moved = (time: number | undefined) => (time === undefined ? undefined : Math.max(time + aheadMs, submittedAt));
  const startedAt = moved(observation.startedAt);
  if (startedAt !== undefined) update.startedAt = timestampFromMs(startedAt);
  if (update.state === State.RUNNING) return update;
  update.endedAt = timestampFromMs(Math.max(moved(observation.endedAt) ?? now, startedAt ?? submittedAt));
  if (update.state === State.FAILED) update.error = create(Query_ErrorSchema, { name: observation.errorName ?? '' });
  return update;
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
