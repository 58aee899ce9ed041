import http, { type IncomingHttpHeaders } from 'node:http';

/** An answer as the wire had it. */
export type Reply = {
  status: number;
  statusMessage: string;
  headers: IncomingHttpHeaders;
  rawHeaders: string[];
  bytes: Buffer;
  text: string;
  /** False when the connection broke in the middle. */
  whole: boolean;
};

export type Ask = { method?: string; headers?: readonly string[]; body?: string | Buffer; signal?: AbortSignal };

const agent = new http.Agent({ maxSockets: 100 });

/** One request, with header lines as given; fails when no answer begins. */
export function ask(url: string, { method = 'GET', headers = [], body, signal }: Ask = {}): Promise<Reply> {
  return new Promise((resolve, reject) => {
    const target = new URL(url);
    const lines = [...headers];
    if (!lines.some((name, at) => at % 2 === 0 && /^host$/i.test(name))) lines.push('Host', target.host);
    if (body !== undefined) lines.push('Content-Length', String(Buffer.byteLength(body)));
    const request = http.request({
      agent,
      host: target.hostname,
      port: target.port,
      path: target.pathname + target.search,
      method,
      headers: lines,
      maxHeaderSize: 4_000_000,
      ...(signal === undefined ? {} : { signal }),
    });
    request.on('error', reject);
    request.on('response', (answer) => {
      const chunks: Buffer[] = [];
      answer.on('data', (chunk: Buffer) => chunks.push(chunk));
      answer.on('error', () => {});
      answer.on('close', () => {
        const bytes = Buffer.concat(chunks);
        resolve({
          status: answer.statusCode ?? 0,
          statusMessage: answer.statusMessage ?? '',
          headers: answer.headers,
          rawHeaders: answer.rawHeaders,
          bytes,
          text: bytes.toString(),
          whole: answer.complete,
        });
      });
    });
    request.maxHeadersCount = 0;
    request.end(body === undefined ? undefined : Buffer.from(body));
  });
}

/** A page of Trino, as far as tests look into it. */
export type Page = {
  id: string;
  infoUri: string;
  nextUri?: string;
  partialCancelUri?: string;
  data?: unknown[][];
  stats: { state: string };
  error?: { errorName: string; errorCode: number; message: string };
};

export const user = ['X-Trino-User', 'alice'] as const;

export async function post(url: string, statement: string | Buffer, headers: readonly string[] = user): Promise<Reply> {
  return await ask(`${url}/v1/statement`, { method: 'POST', headers, body: statement });
}

export const pageOf = (reply: Reply): Page => JSON.parse(reply.text) as Page;

/** A statement from its submission to its last page. */
export async function run(
  url: string,
  statement: string | Buffer,
  headers: readonly string[] = user,
): Promise<{ pages: Page[]; replies: Reply[]; rows: unknown[][]; last: Page }> {
  const replies = [await post(url, statement, headers)];
  for (;;) {
    const reply = replies.at(-1);
    if (reply?.status !== 200) throw new Error(`status ${reply?.status}: ${reply?.text}`);
    const page = pageOf(reply);
    if (page.nextUri === undefined) break;
    replies.push(await ask(page.nextUri, { headers }));
  }
  const pages = replies.map(pageOf);
  return { pages, replies, rows: pages.flatMap(({ data }) => data ?? []), last: pages.at(-1) as Page };
}
