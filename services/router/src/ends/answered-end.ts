import { parseUntrustedJson } from '@trino-gateway/json';
import { PageScanner, parsePageError, withoutHeaders } from '@trino-gateway/trino';
import type { AskCluster, ClusterAnswer, ClusterRequest } from '../clusters/ask.ts';
import { endOf, type QueryEnd } from '../control-plane/query-end.ts';
import type { Exchange } from '../http/exchange.ts';
import { readAnswerBody } from '../http/upstream/answer-body.ts';

/** From a longer answer nothing is concluded. */
const MOST_BYTES = 262_144;

const replaced: ReadonlySet<string> = new Set(['accept-encoding', 'content-type', 'content-encoding']);

/**
 * Asks a cluster with a client's headers, and reads an answer of bounded length, uncompressed; what is longer, or breaks off, reads as empty.
 * @throws UpstreamError when no head arrives
 */
export async function readAnswer(
  ask: AskCluster,
  exchange: Exchange,
  request: ClusterRequest,
): Promise<Pick<ClusterAnswer, 'status' | 'rawHeaders'> & { body: Buffer }> {
  const sent = [...withoutHeaders(exchange.rawHeaders, replaced), 'Accept-Encoding', 'identity'];
  const { status, rawHeaders, body } = await ask(exchange, { ...request, rawHeaders: sent });
  const whole = await readAnswerBody(body, MOST_BYTES, request.headTimeMs);
  return { status, rawHeaders, body: whole ?? Buffer.alloc(0) };
}

/** How a query ended, when this is its last page: one without a next link. */
export function endedPage(queryId: string, body: Buffer): QueryEnd | undefined {
  const scanner = new PageScanner();
  scanner.push(body);
  if (!scanner.complete || scanner.id !== queryId || scanner.nextUri !== undefined) return undefined;
  return endOf({ state: scanner.state, error: parsePageError(scanner.error) });
}

type QueryInfo = {
  queryId?: unknown;
  state?: unknown;
  errorCode?: { name?: unknown; code?: unknown };
  failureInfo?: { message?: unknown };
};

/** How a query ended, when this describes it (`/v1/query/{id}`) and says so. */
export function endedQuery(queryId: string, body: Buffer): QueryEnd | undefined {
  const info = queryInfo(body);
  if (info?.queryId !== queryId || (info.state !== 'FINISHED' && info.state !== 'FAILED')) return undefined;
  const { name, code } = info.errorCode ?? {};
  if (info.state === 'FINISHED' || typeof name !== 'string' || typeof code !== 'number')
    return endOf({ state: info.state, error: undefined });
  const message = typeof info.failureInfo?.message === 'string' ? info.failureInfo.message : '';
  return endOf({ state: 'FAILED', error: { errorName: name, errorCode: code, errorType: '', message } });
}

function queryInfo(body: Buffer): QueryInfo | undefined {
  try {
    const value = parseUntrustedJson(body.toString());
    return typeof value === 'object' && value !== null ? value : undefined;
  } catch {
    return undefined;
  }
}
