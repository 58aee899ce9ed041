import http from 'node:http';

/** A page as a Trino client reads it. */
export type Page = {
  id: string;
  infoUri: string;
  nextUri?: string;
  columns?: { name: string; type: string }[];
  data?: unknown[][];
  stats: { state: string };
  error?: { message: string; errorCode: number; errorName: string; errorType: string };
};

export type QueryOptions = {
  user?: string;
  headers?: Record<string, string>;
  /** Called with each page before the next one is asked for. */
  onPage?: (page: Page, answer: Response) => Promise<void> | void;
  /** Repeats a request that failed to connect or was cut, for so long, as the official clients do; default not at all. */
  retryForMs?: number;
  signal?: AbortSignal;
};

export type QueryResult = {
  id: string;
  rows: unknown[][];
  state: string;
  error: Page['error'] /** The submission's answer. */;
  headers: Headers;
  pages: number;
};

/** Submits a statement to this address and follows the links to the end; HTTP errors are thrown with status and body. */
export async function runQuery(url: string, statement: string, options: QueryOptions = {}): Promise<QueryResult> {
  const headers = { 'x-trino-user': options.user ?? 'e2e', ...options.headers };
  let answer = await request(`${url}/v1/statement`, { method: 'POST', body: statement, headers }, options);
  const submission = answer.headers;
  const rows: unknown[][] = [];
  for (let pages = 1; ; pages++) {
    const page = (await answer.json()) as Page;
    rows.push(...(page.data ?? []));
    await options.onPage?.(page, answer);
    if (!page.nextUri)
      return { id: page.id, rows, state: page.stats.state, error: page.error, headers: submission, pages };
    answer = await request(page.nextUri, { headers: { 'x-trino-user': headers['x-trino-user'] } }, options);
  }
}

async function request(url: string, init: RequestInit, { retryForMs = 0, signal }: QueryOptions): Promise<Response> {
  const deadline = Date.now() + retryForMs;
  for (;;) {
    let failure: Error;
    try {
      const answer = await fetch(url, {
        ...init,
        signal: AbortSignal.any([AbortSignal.timeout(60_000), ...(signal ? [signal] : [])]),
      });
      if (answer.ok) return new Response(await answer.text(), answer);
      failure = new Error(`HTTP ${answer.status}: ${(await answer.text()).slice(0, 500)}`);
      if (![502, 503, 504].includes(answer.status)) throw Object.assign(failure, { final: true });
    } catch (error) {
      failure = error as Error & { final?: boolean };
      if ('final' in failure || signal?.aborted) throw failure;
    }
    if (Date.now() > deadline) throw failure;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/**
 * Submits a statement to this address under another name, as a client behind a balancer or an alias does, and follows the
 * links to the last page, which it answers. Every link must name that host. fetch does not let a Host header be set;
 * node:http does.
 */
export async function runQueryAsHost(
  url: string,
  host: string,
  statement: string,
  headers: Record<string, string> = {},
): Promise<Page> {
  const own = 'x-presto-user' in headers ? {} : { 'x-trino-user': 'e2e' };
  const ask = (path: string, method: string, body?: string) =>
    new Promise<Page>((resolve, reject) => {
      const asked = http.request(`${url}${path}`, { method, headers: { host, ...own, ...headers } }, (answer) => {
        let text = '';
        answer.setEncoding('utf8').on('data', (part: string) => {
          text += part;
        });
        answer.on('end', () =>
          answer.statusCode === 200
            ? resolve(JSON.parse(text))
            : reject(new Error(`HTTP ${answer.statusCode}: ${text.slice(0, 500)}`)),
        );
      });
      asked.setTimeout(60_000, () => asked.destroy(new Error('no answer within 60 s')));
      asked.on('error', reject).end(body);
    });
  let page = await ask('/v1/statement', 'POST', statement);
  while (page.nextUri) {
    const link = new URL(page.nextUri);
    if (link.host !== host.toLowerCase()) throw new Error(`a link names ${link.host}, the client asked ${host}`);
    page = await ask(link.pathname, 'GET');
  }
  return page;
}
