import { LinkRewriter } from '@trino-gateway/trino';
import type { Exchange } from '../http/exchange.ts';
import { readAnswerBody } from '../http/upstream/answer-body.ts';
import type { ClusterAnswer } from './ask.ts';
import { cleanReason, headersForClient, isJson } from './relay.ts';

/** An answer of a cluster with all of its body, for any number of clients. */
export type WholeAnswer = Pick<ClusterAnswer, 'status' | 'statusMessage' | 'rawHeaders'> & { bytes: Buffer };

/** What Trino says of a statement that it does not take is short. */
const MOST_BYTES = 1_048_576;

/** Reads the rest of an answer, with its links replaced. Of a body that is too long, or breaks off, nothing is kept. */
export async function readWhole(answer: ClusterAnswer, timeMs: number): Promise<WholeAnswer> {
  const { status, statusMessage, rawHeaders, rewrite } = answer;
  const bytes = (await readAnswerBody(answer.body, MOST_BYTES, timeMs)) ?? Buffer.alloc(0);
  if (rewrite === undefined || !isJson(answer)) return { status, statusMessage, rawHeaders, bytes };
  const rewriter = new LinkRewriter(rewrite);
  return { status, statusMessage, rawHeaders, bytes: Buffer.concat([...rewriter.push(bytes), rewriter.end()]) };
}

/** What it takes of memory, about. */
export function sizeOf({ rawHeaders, bytes }: Pick<WholeAnswer, 'rawHeaders' | 'bytes'>): number {
  return rawHeaders.reduce((sum, text) => sum + text.length, bytes.length) + 1_024;
}

/** Answers with it. */
export function answerWhole(
  exchange: Exchange,
  { status, statusMessage, rawHeaders, bytes }: WholeAnswer,
  extraHeaders: readonly string[],
): void {
  const { response } = exchange;
  if (response.headersSent || response.destroyed) return;
  response.writeHead(status, cleanReason(statusMessage), [
    ...headersForClient(exchange, rawHeaders, { bodyChanges: true }),
    ...(status === 204 ? [] : ['Content-Length', String(bytes.length)]),
    ...extraHeaders,
  ]);
  response.end(bytes);
}
