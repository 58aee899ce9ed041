import { createHash } from 'node:crypto';
import { parseUntrustedJson } from '@trino-gateway/json';
import { allHeaders } from '@trino-gateway/trino';
import type { AskCluster } from '../clusters/ask.ts';
import type { Exchange } from '../http/exchange.ts';
import { answerText } from '../http/responses.ts';
import { readAnswerBody } from '../http/upstream/answer-body.ts';
import type { Coordinator } from '../stickiness/coordinator.ts';

// Up to 482 a query is shown at /ui/query.html?<id>, from 483 on at /ui#/queries/<id> (QueryInfoUrlFactory, WebUiStaticResource). What stands
// behind a # no server is told. So a browser that opens that link gets a page that asks again with the id in the open.

/** The first release whose web UI keeps the id behind the #. */
const FIRST_WITH_FRAGMENTS = 483;
const MOST_INFO_BYTES = 65_536;

export type QueryPageDeps = { ask: AskCluster; config: { attempt_time_limit: number } };

/** The page of a query in the web UI of 483 and later: the id once for the gateway, once for the page. */
export const fragmentPage = (queryId: string): string => `/ui/?${queryId}#/queries/${queryId}`;

/** Whether a target is the page of a query as it is up to 482. */
export const isOldQueryPage = (target: string): boolean => target.startsWith('/ui/query.html?');

/** Whether this coordinator has the web UI of 483 and later. One that does not say has the older. */
export async function hasFragmentPages(
  { ask, config: { attempt_time_limit: limitMs } }: QueryPageDeps,
  exchange: Exchange,
  coordinator: Coordinator,
): Promise<boolean> {
  try {
    const request = { coordinator, method: 'GET', path: '/v1/info', rawHeaders: ['Accept-Encoding', 'identity'] };
    const { body } = await ask(exchange, { ...request, headTimeMs: limitMs, signal: exchange.signal });
    const text = await readAnswerBody(body, MOST_INFO_BYTES, limitMs);
    const info = parseUntrustedJson(text?.toString() ?? '') as { nodeVersion?: { version?: unknown } } | null;
    return Number.parseInt(String(info?.nodeVersion?.version), 10) >= FIRST_WITH_FRAGMENTS;
  } catch {
    return false;
  }
}

/** Whether a browser opens the address that links to queries have from 483 on. */
export function mayHaveFragment({ request }: Exchange, target: string): boolean {
  if (target !== '/ui' || request.method !== 'GET') return false;
  return allHeaders(request.rawHeaders, 'accept').join().toLowerCase().includes('text/html');
}

const script = `
const id = /^#\\/queries\\/(\\d{8}_\\d{6}_\\d{5}_[a-z0-9]{5})/.exec(location.hash)?.[1];
location.replace(location.pathname + '/' + (id === undefined ? '' : '?' + id) + location.hash);
`;
const policy = `default-src 'none'; script-src 'sha256-${createHash('sha256').update(script).digest('base64')}'`;
const page =
  '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Trino</title>' +
  `<noscript><meta http-equiv="refresh" content="0;url=ui/"></noscript><script>${script}</script></head></html>`;

/** Sends the browser on, to the page of the query that its address names. */
export function answerFragment({ response }: Exchange): void {
  const headers = ['Content-Security-Policy', policy, 'Cache-Control', 'no-store', 'X-Content-Type-Options', 'nosniff'];
  answerText(response, 200, page, headers, 'text/html;charset=utf-8');
}
