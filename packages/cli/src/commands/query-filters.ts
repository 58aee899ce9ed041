import type { MessageInitShape } from '@bufbuild/protobuf';
import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import { ListQueriesRequest_Order, type ListQueriesRequestSchema, Query_State } from '@trino-gateway/api/gateway';
import { parseDuration } from '@trino-gateway/config';
import { UsageError } from '../terminal/usage-error.ts';
import { limitOf, limitProblem } from './read-limit.ts';

/** The filters of `list queries`, as they stand on the command line. */
export type QueryFilters = {
  user?: string;
  backend?: string;
  group?: string;
  state?: string;
  source?: string;
  after?: string;
  before?: string;
  text?: string;
  oldestFirst?: boolean;
  limit: string;
};

/** What to ask for, and how many queries at most. */
export type QueryRequest = { filters: MessageInitShape<typeof ListQueriesRequestSchema>; limit: number };

/** Reads the filters; a time is an ISO time, or how long ago as `90m`. @throws UsageError with every problem */
export function readQueryFilters(given: QueryFilters, nowMs: number): QueryRequest {
  const problems: string[] = [];
  const time = (option: string, text: string | undefined) => {
    const ms = text === undefined ? undefined : timeOf(text, nowMs);
    if (ms === undefined) return undefined;
    if (!Number.isNaN(ms)) return timestampFromMs(ms);
    problems.push(
      `${option}: expected a time such as 2026-01-31T08:00:00Z, or how long ago such as 90m, got "${text}"`,
    );
    return undefined;
  };
  const submittedAfter = time('--after', given.after);
  const submittedBefore = time('--before', given.before);
  const states = Object.keys(Query_State).filter((name) => /^[A-Z]+$/.test(name));
  const state = given.state?.toUpperCase();
  if (state !== undefined && !states.includes(state))
    problems.push(`--state: expected ${states.join(', ')}, got "${given.state}"`);
  const limit = limitOf(given.limit) ?? 0;
  if (limit === 0) problems.push(limitProblem(given.limit));
  if (problems.length > 0) throw new UsageError(...problems);
  return {
    filters: {
      user: given.user ?? '',
      backendId: given.backend ?? '',
      groupId: given.group ?? '',
      source: given.source ?? '',
      text: given.text ?? '',
      state: state === undefined ? Query_State.STATE_UNSPECIFIED : Query_State[state as keyof typeof Query_State],
      order: given.oldestFirst ? ListQueriesRequest_Order.OLDEST_FIRST : ListQueriesRequest_Order.NEWEST_FIRST,
      ...(submittedAfter && { submittedAfter }),
      ...(submittedBefore && { submittedBefore }),
    },
    limit,
  };
}

/** Epoch milliseconds; NaN when it is neither a time nor a duration. */
function timeOf(text: string, nowMs: number): number {
  const ago = parseDuration(text);
  if (ago !== undefined) return nowMs - ago;
  return /^\d{4}-\d\d-\d\d/.test(text) ? Date.parse(text) : Number.NaN;
}
