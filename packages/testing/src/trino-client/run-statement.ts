import { exchange } from './exchange.ts';
import type { Page } from './page.ts';
import { type QueryResult, runQuery } from './run-query.ts';

/** Who asks, and how long it may take. */
export type StatementOptions = {
  user: string;
  password?: string;
  source?: string;
  /** Sent with every request. */
  headers?: Readonly<Record<string, string>>;
  /** For the whole query; default one minute. */
  timeoutMs?: number;
  signal?: AbortSignal;
};

const CANCEL_MS = 2_000;

/**
 * Runs a statement on the Trino (or gateway) at that address to its end, and cancels it when that fails. A failed query is a
 * result with `error`; what throws is an HTTP error, a broken connection or the time limit. Polls go to `url` whatever host
 * the links name: this is for clusters started here.
 */
export async function runStatement(url: string, statement: string, options: StatementOptions): Promise<QueryResult> {
  const limit = AbortSignal.timeout(options.timeoutMs ?? 60_000);
  const signal = options.signal === undefined ? limit : AbortSignal.any([limit, options.signal]);
  const headers = requestHeaders(options);
  const pollAt = (link: URL) => new URL(link.pathname + link.search, url);
  let newest: Page | undefined;
  const onPage = (page: Page) => {
    newest = page;
  };
  try {
    return await runQuery(url, statement, { headers, pollHeaders: headers, pollAt, onPage, signal });
  } catch (error) {
    if (newest?.nextUri !== undefined) {
      // Nobody would see its rows: without this it runs on for five minutes.
      const cancel = { method: 'DELETE', headers, signal: AbortSignal.timeout(CANCEL_MS) };
      await exchange(pollAt(new URL(newest.nextUri)), cancel).catch(() => {});
    }
    throw error;
  }
}

function requestHeaders({ user, password, source, headers }: StatementOptions): Record<string, string> {
  return {
    'x-trino-user': user,
    ...(source !== undefined && { 'x-trino-source': source }),
    ...(password !== undefined && {
      authorization: `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`,
    }),
    ...headers,
  };
}
