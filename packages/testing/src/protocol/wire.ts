import { request } from 'node:http';

/** An answer as it came over the wire. */
export type WireAnswer = {
  status: number;
  headers: Record<string, string | string[] | undefined>;
  rawHeaders: string[];
  body: Buffer;
  text: string;
};

/** One request on a connection of its own, with exactly these headers. */
export function send(
  method: string,
  url: string,
  headers: Record<string, string | string[]> = {},
  body?: string,
): Promise<WireAnswer> {
  return new Promise((resolve, reject) => {
    const sent = request(
      url,
      { method, headers, agent: false, maxHeaderSize: 2_097_152, timeout: 100_000 },
      (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('error', reject);
        response.on('end', () => {
          const bytes = Buffer.concat(chunks);
          resolve({
            status: response.statusCode ?? 0,
            headers: response.headers,
            rawHeaders: response.rawHeaders,
            body: bytes,
            text: bytes.toString(),
          });
        });
      },
    );
    sent.on('timeout', () => sent.destroy(new Error(`no answer to ${method} ${url}`)));
    sent.on('error', reject);
    sent.end(body);
  });
}

/** A page, as far as tests look at it. */
export type WirePage = {
  id: string;
  infoUri: string;
  nextUri?: string;
  partialCancelUri?: string;
  columns?: { name: string; type: string }[];
  data?: unknown[][];
  stats: { state: string; queued: boolean; scheduled: boolean };
  error?: { message: string; errorCode: number; errorName: string; errorType: string; failureInfo: object };
  updateType?: string;
};

/** The session of a client: what it sends with every submission. */
export const session = { 'X-Trino-User': 'joe', 'X-Trino-Source': 'protocol-tests', 'X-Trino-Transaction-Id': 'NONE' };

/** Submits a statement; the page must be a 200. */
export async function submit(
  url: string,
  statement: string,
  headers: Record<string, string | string[]> = session,
): Promise<WirePage> {
  return pageOf(await send('POST', `${url}/v1/statement`, headers, statement));
}

/** Reads an answer that must be a page. */
export function pageOf(answer: WireAnswer): WirePage {
  if (answer.status !== 200) throw new Error(`expected a page, got ${answer.status}: ${answer.text.slice(0, 300)}`);
  return JSON.parse(answer.text) as WirePage;
}

/** The link a page must have. */
export function next(page: WirePage): string {
  if (page.nextUri === undefined) throw new Error(`page has no nextUri: ${JSON.stringify(page).slice(0, 500)}`);
  return page.nextUri;
}

/** Phase, slug and token of a link. */
export function linkParts(link: string): { phase: string; slug: string; token: number } {
  const [, , , phase = '', , slug = '', token = ''] = new URL(link).pathname.split('/');
  return { phase, slug, token: Number(token) };
}

/** The whole conversation of one statement. */
export type Run = {
  first: WirePage;
  links: string[];
  pages: WirePage[];
  answers: WireAnswer[];
  last: WirePage;
  rows: unknown[][];
};

/** Submits and polls until a page has no nextUri, or `until` says so. */
export async function run(
  url: string,
  statement: string,
  headers: Record<string, string | string[]> = session,
  until: (page: WirePage) => boolean = () => false,
): Promise<Run> {
  const first = await submit(url, statement, headers);
  const seen: Run = { first, links: [], pages: [], answers: [], last: first, rows: [] };
  while (seen.last.nextUri !== undefined && !until(seen.last)) {
    seen.links.push(seen.last.nextUri);
    const answer = await send('GET', seen.last.nextUri, { 'X-Trino-User': 'joe' });
    seen.last = pageOf(answer);
    seen.answers.push(answer);
    seen.pages.push(seen.last);
    seen.rows.push(...(seen.last.data ?? []));
  }
  return seen;
}
