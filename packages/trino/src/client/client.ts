import { parseUntrustedJson } from '@trino-gateway/json';
import type { QueryError } from '../errors/trino-errors.ts';
import { isCoordinatorSuffix } from '../identifiers/query-id.ts';
import { type ClusterRequestOptions, clusterRequests, oneLine, TrinoHttpError, tlsAgents } from './http.ts';

export { type ClusterRequestOptions, TrinoHttpError, tlsAgents };

/** A column of a result. */
export type ResultColumn = { name: string; type: string };

/** How a statement ended. `error` is Trino's own; without it, it finished. */
export type StatementResult = {
  queryId: string;
  /** `stats.state` of the last page. */
  state: string;
  columns: ResultColumn[];
  /** At most `maxRows`; integers beyond 2^53 lose digits. */
  rows: unknown[][];
  error: QueryError | undefined;
};

/** What to run, as whom, and for how long. */
export type RunStatementOptions = ClusterRequestOptions & {
  statement: string;
  /** Default 10,000; further rows are dropped. */
  maxRows?: number;
  /** Default: no limit but the time. */
  maxPages?: number;
};

/** What a coordinator says of itself. */
export type ServerInfo = {
  starting: boolean;
  coordinator: boolean;
  version: string;
  /** As Trino writes it: `11.71m`. */
  uptime: string;
  /** Since 477; the suffix of its query ids. */
  coordinatorId: string | undefined;
};

/** Stages of a statement are nested. */
const MOST_DEPTH = 1_000;

type Page = {
  id: string;
  nextUri?: string;
  columns?: ResultColumn[];
  data?: unknown[][];
  stats: { state: string };
  error?: QueryError;
};

/**
 * Runs a statement to its end. Follows only the path of each link, on the given address: a cluster cannot send it elsewhere.
 * Throws {@link TrinoHttpError} when the cluster answers otherwise than by a page, the signal's reason when aborted and a
 * `TimeoutError` when the time is up; the query is then cancelled.
 */
export async function runStatement(options: RunStatementOptions): Promise<StatementResult> {
  const requests = clusterRequests(options);
  const { maxRows = 10_000, maxPages = Number.POSITIVE_INFINITY } = options;
  let page = parsePage(await requests.send('POST', '/v1/statement', options.statement));
  const result: StatementResult = {
    queryId: page.id,
    state: page.stats.state,
    columns: [],
    rows: [],
    error: undefined,
  };
  for (let pages = 1; ; pages += 1) {
    addPage(result, page, maxRows);
    if (page.nextUri === undefined) return result;
    const path = statementPath(page.nextUri);
    try {
      if (pages >= maxPages) throw new TrinoHttpError(200, `Answer has more than ${maxPages} pages`);
      page = parsePage(await requests.send('GET', path));
    } catch (error) {
      await requests.delete(path);
      throw error;
    }
  }
}

/** Asks `GET /v1/info`. Throws as {@link runStatement} does. */
export async function serverInfo(options: ClusterRequestOptions): Promise<ServerInfo> {
  const info = parsed<{
    starting?: boolean;
    coordinator?: boolean;
    nodeVersion?: { version?: string };
    uptime?: string;
    coordinatorId?: unknown;
  }>(await clusterRequests(options).send('GET', '/v1/info'));
  if (typeof info.starting !== 'boolean')
    throw new TrinoHttpError(200, '/v1/info does not say whether the server is starting');
  return {
    starting: info.starting,
    coordinator: info.coordinator === true,
    version: info.nodeVersion?.version ?? '',
    uptime: info.uptime ?? '',
    coordinatorId: isSuffix(info.coordinatorId) ? info.coordinatorId : undefined,
  };
}

/** The text of a path, in the type that is asked for. Throws as {@link serverInfo} does. */
export function clusterText(path: string, accept: string, options: ClusterRequestOptions): Promise<string> {
  return clusterRequests({ ...options, accept }).send('GET', path);
}

/**
 * Whether the cluster knows a query by its id: one that began and was not forgotten. Throws as {@link runStatement} does,
 * also when the user may not see that query.
 */
export async function knowsQuery(queryId: string, options: ClusterRequestOptions): Promise<boolean> {
  return (await queryInfo(queryId, options)) !== undefined;
}

/**
 * Asks for the end of a query. One that has ended, or is unknown there, counts as cancelled. Throws as {@link runStatement} does,
 * also when the user may not cancel it.
 */
export async function cancelQuery(queryId: string, options: ClusterRequestOptions): Promise<void> {
  try {
    await clusterRequests(options).send('DELETE', `/v1/query/${encodeURIComponent(queryId)}`);
  } catch (error) {
    const isOver = error instanceof TrinoHttpError && [200, 202, 404, 410].includes(error.status);
    if (!isOver) throw error;
  }
}

/** What a coordinator says of one query. Times are as it writes them; what it does not say is undefined. */
export type QueryInfo = {
  state: string;
  errorName: string | undefined;
  createdAt: string | undefined;
  startedAt: string | undefined;
  endedAt: string | undefined;
};

/**
 * Asks for a query by its id, without a statement; undefined when the cluster does not know it. Throws as {@link runStatement}
 * does, also when the user may not see that query.
 */
export async function queryInfo(queryId: string, options: ClusterRequestOptions): Promise<QueryInfo | undefined> {
  try {
    const text = await clusterRequests(options).send('GET', `/v1/query/${queryId}?pruned=true`);
    const {
      queryId: answered,
      state,
      errorCode,
      queryStats,
    } = parsed<{
      queryId?: unknown;
      state?: unknown;
      errorCode?: { name?: string };
      queryStats?: { createTime?: string; executionStartTime?: string; endTime?: string };
    }>(text);
    if (answered !== queryId || typeof state !== 'string')
      throw new TrinoHttpError(200, 'Answer does not describe the query that was asked for');
    const { createTime: createdAt, executionStartTime: startedAt, endTime: endedAt } = queryStats ?? {};
    return { state, errorName: errorCode?.name, createdAt, startedAt, endedAt };
  } catch (error) {
    if (error instanceof TrinoHttpError && (error.status === 404 || error.status === 410)) return undefined;
    throw error;
  }
}

function addPage(result: StatementResult, page: Page, maxRows: number): void {
  result.state = page.stats.state;
  if (page.columns !== undefined) result.columns = page.columns.map(({ name, type }) => ({ name, type }));
  for (const row of page.data ?? []) if (result.rows.length < maxRows) result.rows.push(row);
  if (page.error === undefined) return;
  const { message, errorCode, errorName, errorType } = page.error;
  result.error = { message, errorCode, errorName, errorType };
}

function parsed<T>(text: string): T {
  try {
    const value = parseUntrustedJson(text, MOST_DEPTH);
    if (typeof value === 'object' && value !== null) return value as T;
  } catch {
    // Not JSON: said below.
  }
  throw new TrinoHttpError(200, `Answer is not a JSON object: ${oneLine(text)}`);
}

function parsePage(text: string): Page {
  const page = parsed<Page>(text);
  if (typeof page.id !== 'string' || typeof page.stats?.state !== 'string')
    throw new TrinoHttpError(200, 'Answer is not a page of a query');
  return page;
}

/** Path and query of a link, which must lead to a statement. */
function statementPath(nextUri: string): string {
  const { pathname, search } = new URL(nextUri, 'http://cluster');
  if (!pathname.startsWith('/v1/statement/'))
    throw new TrinoHttpError(200, `nextUri does not lead to a statement: ${oneLine(pathname)}`);
  return pathname + search;
}

const isSuffix = (text: unknown): text is string => typeof text === 'string' && isCoordinatorSuffix(text);
