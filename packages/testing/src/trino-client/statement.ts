import { request as httpRequest, type IncomingHttpHeaders } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { setTimeout as sleep } from 'node:timers/promises';

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

/** How a query ended: its final state, the rows it gave and, when it failed, why. */
export type StatementResult = {
  id: string;
  state: string;
  rows: unknown[][];
  updateCount?: number;
  error?: { message: string; errorCode: number; errorName: string };
};

/** An HTTP answer, read whole. */
export type Answer = { status: number; headers: IncomingHttpHeaders; body: string };

type Page = {
  id: string;
  nextUri?: string;
  data?: unknown[][];
  updateCount?: number;
  stats: { state: string };
  error?: NonNullable<StatementResult['error']>;
};

const BUSY = new Set([502, 503, 504]);

/**
 * Runs a statement on the Trino (or gateway) at that address to its end. A failed query is an answer with `error`; what
 * throws is an HTTP status outside the protocol, a broken connection or the time limit. Polls go to `url` whatever host
 * the links name, and certificates are not checked: this is for clusters started here.
 */
export async function runStatement(
  url: string,
  statement: string,
  options: StatementOptions,
): Promise<StatementResult> {
  const limit = AbortSignal.timeout(options.timeoutMs ?? 60_000);
  const signal = options.signal === undefined ? limit : AbortSignal.any([limit, options.signal]);
  const headers = requestHeaders(options);
  const rows: unknown[][] = [];
  let page = await pageOf(new URL('/v1/statement', url), { method: 'POST', headers, body: statement, signal });
  for (;;) {
    rows.push(...(page.data ?? []));
    if (page.nextUri === undefined) return result(page, rows);
    const next = new URL(page.nextUri);
    const link = new URL(next.pathname + next.search, url);
    try {
      page = await pageOf(link, { method: 'GET', headers, signal });
    } catch (error) {
      // Nobody would see its rows: without this it runs on for five minutes.
      await exchange(link, { method: 'DELETE', headers, signal: AbortSignal.timeout(2000) }).catch(() => {});
      throw error;
    }
  }
}

function result({ id, stats, error, updateCount }: Page, rows: unknown[][]): StatementResult {
  return {
    id,
    state: stats.state,
    rows,
    ...(updateCount === undefined ? {} : { updateCount }),
    ...(error === undefined ? {} : { error }),
  };
}

async function pageOf(url: URL, options: ExchangeOptions): Promise<Page> {
  for (;;) {
    const answer = await exchange(url, options);
    if (answer.status === 200) return JSON.parse(answer.body);
    // Trino asks clients to repeat these; a submission is not repeated, its caller decides.
    if (options.method === 'POST' || !BUSY.has(answer.status)) {
      throw new Error(`${options.method} ${url.origin}${url.pathname}: ${answer.status} ${answer.body.slice(0, 300)}`);
    }
    await sleep(100, undefined, options.signal === undefined ? {} : { signal: options.signal });
  }
}

function requestHeaders(options: StatementOptions): Record<string, string> {
  const { user, password, source, headers } = options;
  return {
    'X-Trino-User': user,
    ...(source === undefined ? {} : { 'X-Trino-Source': source }),
    ...(password === undefined
      ? {}
      : { Authorization: `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}` }),
    ...headers,
  };
}

/** What to send in one request. */
export type ExchangeOptions = {
  method: string;
  headers?: Readonly<Record<string, string>>;
  body?: string;
  signal?: AbortSignal;
};

/** One HTTP or HTTPS request on a connection of its own, with its answer read whole; certificates are not checked. */
export async function exchange(url: URL, options: ExchangeOptions): Promise<Answer> {
  const { promise, resolve, reject } = Promise.withResolvers<Answer>();
  const { method, headers, body, signal } = options;
  const request = (url.protocol === 'https:' ? httpsRequest : httpRequest)(url, {
    method,
    ...(headers === undefined ? {} : { headers }),
    ...(signal === undefined ? {} : { signal }),
    agent: false,
    rejectUnauthorized: false,
    maxHeaderSize: 2_097_152,
  });
  request.once('error', reject);
  request.once('response', (response) => {
    const chunks: Buffer[] = [];
    response.on('data', (chunk: Buffer) => chunks.push(chunk));
    response.once('error', reject);
    response.once('end', () => {
      resolve({
        status: response.statusCode ?? 0,
        headers: response.headers,
        body: Buffer.concat(chunks).toString('utf8'),
      });
    });
  });
  request.end(body);
  return promise;
}
