import { setTimeout as delay } from 'node:timers/promises';
import { type Answer, type ExchangeOptions, exchange } from './exchange.ts';
import { BUSY, type Page } from './page.ts';

export type QueryOptions = {
  user?: string;
  /** Of the submission. */
  headers?: Readonly<Record<string, string>>;
  /** Of the polls; default the user alone. */
  pollHeaders?: Readonly<Record<string, string>>;
  /** Where to send the poll of a link, asked each time it is sent; default where the link leads. */
  pollAt?: (link: URL) => URL;
  /** Called with each page before the next one is asked for. */
  onPage?: (page: Page, answer: Answer) => Promise<void> | void;
  /** Repeats a request that failed to connect or was cut, for so long, as the official clients do; default not at all. */
  retryForMs?: number;
  signal?: AbortSignal;
};

export type QueryResult = { id: string; rows: unknown[][]; state: string; error: Page['error']; pages: number };

const REQUEST_MS = 60_000;
const RETRY_MS = 50;

/** Submits a statement to this address and follows the links to the end; HTTP errors are thrown with status and body. */
export async function runQuery(url: string, statement: string, options: QueryOptions = {}): Promise<QueryResult> {
  const { headers = {}, pollAt = (link) => link } = options;
  const user = 'x-presto-user' in headers ? {} : { 'x-trino-user': options.user ?? 'e2e', ...userOf(headers) };
  const poll = { method: 'GET', headers: options.pollHeaders ?? user };
  const submission = { method: 'POST', body: statement, headers: { ...user, ...headers } };
  let answer = await request(() => new URL('/v1/statement', url), submission, options);
  const rows: unknown[][] = [];
  for (let pages = 1; ; pages++) {
    const page = JSON.parse(answer.body) as Page;
    rows.push(...(page.data ?? []));
    await options.onPage?.(page, answer);
    if (!page.nextUri) return { id: page.id, rows, state: page.stats.state, error: page.error, pages };
    const link = new URL(page.nextUri);
    answer = await request(() => pollAt(link), poll, options);
  }
}

/**
 * Runs a statement at this address under another name, as a client behind a balancer or an alias does. Every link must name
 * that host.
 */
export async function runQueryAsHost(
  url: string,
  host: string,
  statement: string,
  headers: Readonly<Record<string, string>> = {},
): Promise<QueryResult> {
  const user = 'x-presto-user' in headers ? {} : { 'x-trino-user': 'e2e' };
  const all = { host, ...user, ...headers };
  const pollAt = (link: URL) => {
    if (link.host !== host.toLowerCase()) throw new Error(`a link names ${link.host}, the client asked ${host}`);
    return new URL(link.pathname, url);
  };
  return runQuery(url, statement, { headers: all, pollHeaders: all, pollAt });
}

function userOf(headers: Readonly<Record<string, string>>): Record<string, string> {
  const user = headers['x-trino-user'];
  return user === undefined ? {} : { 'x-trino-user': user };
}

async function request(
  at: () => URL,
  init: ExchangeOptions,
  { retryForMs = 0, signal }: Pick<QueryOptions, 'retryForMs' | 'signal'>,
): Promise<Answer> {
  const deadline = Date.now() + retryForMs;
  for (;;) {
    const url = at();
    const limit = AbortSignal.timeout(REQUEST_MS);
    let failure: Error;
    try {
      const answer = await exchange(url, { ...init, signal: signal ? AbortSignal.any([limit, signal]) : limit });
      if (answer.status >= 200 && answer.status < 300) return answer;
      failure = new Error(`HTTP ${answer.status}: ${answer.body.slice(0, 500)}`, {
        cause: `${init.method} ${url.href}`,
      });
      if (!BUSY.has(answer.status)) throw Object.assign(failure, { final: true });
    } catch (error) {
      failure = error as Error & { final?: boolean };
      if ('final' in failure || signal?.aborted) throw failure;
    }
    if (Date.now() > deadline) throw failure;
    await delay(RETRY_MS);
  }
}
