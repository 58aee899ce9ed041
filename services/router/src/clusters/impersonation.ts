import { createHmac, createSecretKey, randomBytes } from 'node:crypto';
import { allHeaders, PageScanner, parsePageError } from '@trino-gateway/trino';
import { PROBE_SOURCE } from '@trino-gateway/trino/probe-source';
import { LRUCache } from 'lru-cache';
import type { Exchange } from '../http/exchange.ts';
import { readAnswerBody } from '../http/upstream/answer-body.ts';
import { UpstreamError } from '../http/upstream/upstream-answer.ts';
import type { Coordinator } from '../stickiness/coordinator.ts';
import type { AskCluster } from './ask.ts';
import { clusterDenial } from './verify-client.ts';

/** Whether the credentials of a request may act for a user. `denied` says why not, in Trino's words. */
export type Impersonation = { kind: 'allowed' } | { kind: 'denied'; message: string } | { kind: 'unclear' };

/**
 * Asks a cluster whether the credentials of a request may act for this user. Credentials are not kept, only a hash with a
 * key that this process drew, for a short time.
 * @throws AccessDenied as the cluster refuses the credentials, with its challenges
 */
export type CheckImpersonation = (
  exchange: Exchange,
  coordinator: Coordinator,
  user: string,
  limits: { timeMs: number; signal: AbortSignal },
) => Promise<Impersonation>;

const ALLOWED_FOR_MS = 60_000;
/** Long enough to stop a client that repeats. */
const DENIED_FOR_MS = 5_000;
const REMEMBERED = 10_000;
const LONGEST_ASK_MS = 5_000;
const MOST_POLLS = 8;
const PAGE_BYTES = 65_536;
const LONGEST_MESSAGE = 500;

// Trino checks who may act for whom when it makes the session of a statement, then whether that user may run statements at all,
// and then reads the text (DispatchManager.createQueryInternal). So a text that is no SQL says the former and never runs, is never
// queued and takes no place in a resource group.
const QUESTION = 'May these credentials act for this user? (asked by the gateway)';

/** Only the headers that name the client: others could change the answer. */
const whoAsks = ['authorization', 'cookie', 'x-trino-original-user', 'x-trino-role'] as const;

/** No client is known yet. */
export function createCheckImpersonation({ ask }: { ask: AskCluster }): CheckImpersonation {
  const hashKey = createSecretKey(randomBytes(32));
  const known = new LRUCache<string, Impersonation>({ max: REMEMBERED });
  return async (exchange, coordinator, user, { timeMs, signal }) => {
    const lines = whoAsks.map((name) => allHeaders(exchange.rawHeaders, name));
    const hash = createHmac('sha256', hashKey).update(JSON.stringify([coordinator.url, user, ...lines]));
    const key = hash.digest('base64');
    const last = known.get(key);
    if (last !== undefined) return last;
    const rawHeaders = [
      ...whoAsks.flatMap((name, at) => (lines[at] ?? []).flatMap((value) => [name, value])),
      ...['X-Trino-User', user, 'X-Trino-Source', PROBE_SOURCE, 'Accept-Encoding', 'identity'],
    ];
    const endsAt = performance.now() + Math.min(LONGEST_ASK_MS, timeMs);
    const verdict = await askCluster(ask, exchange, { coordinator, rawHeaders, endsAt, signal });
    if (verdict.kind !== 'unclear')
      known.set(key, verdict, { ttl: verdict.kind === 'allowed' ? ALLOWED_FOR_MS : DENIED_FOR_MS });
    return verdict;
  };
}

type Question = { coordinator: Coordinator; rawHeaders: readonly string[]; endsAt: number; signal: AbortSignal };

async function askCluster(
  ask: AskCluster,
  exchange: Exchange,
  { coordinator, rawHeaders, endsAt, signal }: Question,
): Promise<Impersonation> {
  let request: { method: string; path: string; body?: Buffer } = {
    method: 'POST',
    path: '/v1/statement',
    body: Buffer.from(QUESTION),
  };
  try {
    for (let polls = 0; polls <= MOST_POLLS; polls += 1) {
      const leftMs = endsAt - performance.now();
      if (leftMs <= 0) break;
      const answer = await ask(exchange, { coordinator, ...request, rawHeaders, headTimeMs: leftMs, signal });
      const { status } = answer;
      if (status !== 200) answer.body.destroy();
      if (status === 401 || status === 403) throw clusterDenial(status, exchange, answer.rawHeaders);
      if (status !== 200) break;
      const bytes = await readAnswerBody(answer.body, PAGE_BYTES, Math.max(1, endsAt - performance.now()));
      if (bytes === undefined) break;
      const page = new PageScanner();
      page.push(bytes);
      if (!page.complete) break;
      if (page.nextUri === undefined) return meaningOf(page);
      const path = statementPath(page.nextUri);
      if (path === undefined) break;
      request = { method: 'GET', path };
    }
  } catch (error) {
    if (!(error instanceof UpstreamError)) throw error;
  }
  return { kind: 'unclear' };
}

function meaningOf({ error }: PageScanner): Impersonation {
  const { errorName, message = '' } = parsePageError(error) ?? {};
  if (errorName === 'SYNTAX_ERROR') return { kind: 'allowed' };
  if (errorName !== 'PERMISSION_DENIED') return { kind: 'unclear' };
  return { kind: 'denied', message: message.slice(0, LONGEST_MESSAGE) };
}

/** Of a link, what a cluster may be asked for: it cannot send the credentials elsewhere. */
function statementPath(link: string): string | undefined {
  if (!URL.canParse(link)) return undefined;
  const { pathname, search } = new URL(link);
  return pathname.startsWith('/v1/statement/') ? pathname + search : undefined;
}
