import { parseUntrustedJson } from '@trino-gateway/json';
import { Agent, type Dispatcher, request } from 'undici';
import type { QueryError } from '../errors/trino-errors.ts';
import { isCoordinatorSuffix } from '../identifiers/query-id.ts';

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
export type RunStatementOptions = {
  /** Address of the cluster, http or https; its path is not used. */
  url: string;
  user: string;
  password?: string | undefined;
  statement: string;
  /** Sent with every request; X-Trino-User and Authorization are added. */
  headers?: Readonly<Record<string, string>>;
  signal?: AbortSignal | undefined;
  /** For the statement as a whole. */
  timeLimitMs: number;
  /** Default 10,000; further rows are dropped. */
  maxRows?: number;
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

/** Where to ask, as whom, and for how long. */
export type ServerInfoOptions = Pick<
  RunStatementOptions,
  'url' | 'user' | 'password' | 'headers' | 'signal' | 'timeLimitMs'
>;

/** An answer that is none of Trino's protocol: another status than 200, or a body that is no page. */
export class TrinoHttpError extends Error {
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.name = 'TrinoHttpError';
    this.status = status;
  }
}

const maxBodyBytes = 16 * 1024 * 1024;
/** Stages of a statement stand in each other. */
const MOST_DEPTH = 1_000;
const cancelLimitMs = 2_000;

// Idle connections are dropped well before Trino does it (200 s), and before a probe interval ends.
const defaultAgent = new Agent({
  maxHeaderSize: 2_097_152,
  keepAliveTimeout: 4_000,
  keepAliveMaxTimeout: 4_000,
  connections: 64,
});

type Caller = { origin: string; headers: Record<string, string>; signal: AbortSignal; dispatcher: Dispatcher };
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
export async function runStatement(
  options: RunStatementOptions,
  dispatcher: Dispatcher = defaultAgent,
): Promise<StatementResult> {
  const caller = callerOf(options, dispatcher);
  const maxRows = options.maxRows ?? 10_000;
  let page = await submitted(caller, options.statement);
  const result: StatementResult = {
    queryId: page.id,
    state: page.stats.state,
    columns: [],
    rows: [],
    error: undefined,
  };
  for (;;) {
    result.state = page.stats.state;
    if (page.columns !== undefined) result.columns = page.columns.map(({ name, type }) => ({ name, type }));
    for (const row of page.data ?? []) if (result.rows.length < maxRows) result.rows.push(row);
    if (page.error !== undefined) {
      const { message, errorCode, errorName, errorType } = page.error;
      result.error = { message, errorCode, errorName, errorType };
    }
    if (page.nextUri === undefined) return result;
    const path = statementPath(page.nextUri);
    try {
      page = parsePage(await call(caller, 'GET', path));
    } catch (error) {
      await cancel(caller, path);
      throw error;
    }
  }
}

/** Asks `GET /v1/info`. Throws as {@link runStatement} does. */
export async function serverInfo(
  options: ServerInfoOptions,
  dispatcher: Dispatcher = defaultAgent,
): Promise<ServerInfo> {
  const info = parsed<{
    starting?: boolean;
    coordinator?: boolean;
    nodeVersion?: { version?: string };
    uptime?: string;
    coordinatorId?: unknown;
  }>(await call(callerOf(options, dispatcher), 'GET', '/v1/info'));
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

/**
 * Whether the cluster knows a query by its id: one that began and was not forgotten. Throws as {@link runStatement} does,
 * also when the caller may not see that query.
 */
export async function knowsQuery(
  queryId: string,
  options: ServerInfoOptions,
  dispatcher: Dispatcher = defaultAgent,
): Promise<boolean> {
  try {
    await call(callerOf(options, dispatcher), 'GET', `/v1/query/${queryId}?pruned=true`);
    return true;
  } catch (error) {
    if (error instanceof TrinoHttpError && (error.status === 404 || error.status === 410)) return false;
    throw error;
  }
}

function callerOf(options: ServerInfoOptions, dispatcher: Dispatcher): Caller {
  const { user, password, signal, timeLimitMs } = options;
  const limit = AbortSignal.timeout(timeLimitMs);
  const headers: Record<string, string> = { ...options.headers, 'X-Trino-User': user, Accept: 'application/json' };
  if (password !== undefined)
    headers.Authorization = `Basic ${Buffer.from(`${user}:${password}`, 'latin1').toString('base64')}`;
  return {
    origin: new URL(options.url).origin,
    headers,
    signal: signal === undefined ? limit : AbortSignal.any([signal, limit]),
    dispatcher,
  };
}

async function submitted(caller: Caller, statement: string): Promise<Page> {
  return parsePage(await call(caller, 'POST', '/v1/statement', statement));
}

async function call(caller: Caller, method: 'GET' | 'POST', path: string, body?: string): Promise<string> {
  const { origin, headers, signal, dispatcher } = caller;
  signal.throwIfAborted();
  const response = await request(origin + path, {
    method,
    headers,
    signal,
    dispatcher,
    ...(body === undefined ? {} : { body }),
  });
  let text = '';
  let bytes = 0;
  const decoder = new TextDecoder();
  for await (const chunk of response.body) {
    bytes += chunk.length;
    if (bytes > maxBodyBytes)
      throw new TrinoHttpError(response.statusCode, `Answer is larger than ${maxBodyBytes} bytes`);
    text += decoder.decode(chunk, { stream: true });
  }
  if (response.statusCode !== 200)
    throw new TrinoHttpError(response.statusCode, oneLine(text) || `HTTP ${response.statusCode}`);
  return text;
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

/** Best effort, with a time limit of its own: the caller's signal may be what ended the statement. */
async function cancel({ origin, headers, dispatcher }: Caller, path: string): Promise<void> {
  try {
    const { body } = await request(origin + path, {
      method: 'DELETE',
      headers,
      dispatcher,
      signal: AbortSignal.timeout(cancelLimitMs),
    });
    await body.dump();
  } catch {
    // A cluster that cannot be reached abandons the query by itself.
  }
}

const isSuffix = (text: unknown): text is string => typeof text === 'string' && isCoordinatorSuffix(text);
const oneLine = (text: string) => text.slice(0, 300).replace(/\s+/g, ' ').trim();
