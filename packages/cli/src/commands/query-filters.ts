import type { MessageInitShape } from '@bufbuild/protobuf';
import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import {
  ListQueriesRequest_Order,
  type ListQueriesRequestSchema,
  type Query,
  Query_State,
} from '@trino-gateway/api/gateway';
import { parseDuration } from '@trino-gateway/config';
import type { Gateway } from '../connection/gateway.ts';
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

/** What to ask for, and how many at most. */
export type QueryRequest = { filters: MessageInitShape<typeof ListQueriesRequestSchema>; limit: number };

const MOST_PER_PAGE = 1_000;

/** Reads the filters; a moment is an ISO time, or how long ago as `90m`. @throws UsageError with every problem */
export function readQueryFilters(given: QueryFilters, nowMs: number): QueryRequest {
  const problems: string[] = [];
  const moment = (option: string, text: string | undefined) => {
    if (text === undefined) return undefined;
    const ago = parseDuration(text);
    const ms = ago === undefined ? (/^\d{4}-\d\d-\d\d/.test(text) ? Date.parse(text) : Number.NaN) : nowMs - ago;
    if (Number.isNaN(ms))
      problems.push(
        `${option}: expected a time such as 2026-01-31T08:00:00Z, or how long ago such as 90m, got "${text}"`,
      );
    return Number.isNaN(ms) ? undefined : timestampFromMs(ms);
  };
  const submittedAfter = moment('--after', given.after);
  const submittedBefore = moment('--before', given.before);
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

/** Asks for page after page until the limit; `more` says whether there were others. */
export async function listQueries(
  { queries }: Gateway,
  { filters, limit }: QueryRequest,
): Promise<{ found: Query[]; more: boolean }> {
  const found: Query[] = [];
  let pageToken = '';
  do {
    const pageSize = Math.min(MOST_PER_PAGE, limit - found.length);
    const page = await queries.listQueries({ ...filters, pageSize, pageToken });
    found.push(...page.queries);
    pageToken = page.nextPageToken;
  } while (pageToken !== '' && found.length < limit);
  return { found, more: pageToken !== '' };
}
