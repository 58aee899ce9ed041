import { firstHeader, LinkRewriter, pageWithWait, withoutHeaders } from '@trino-gateway/trino';
import type { ClusterAnswer } from '../clusters/ask.ts';
import { inflate } from '../clusters/inflate.ts';
import type { WholeAnswer } from '../clusters/whole-answer.ts';

/** The pages with rows are longer, and pass as they are. */
const MOST_BYTES = 65_536;
const encodingHeader: ReadonlySet<string> = new Set(['content-encoding']);

/**
 * A small page of a query that waited, with the wait in its times and in its link; undefined when it is none: then the answer can
 * be relayed as if nothing of it had been read.
 */
export async function smallPageWithWait(
  answer: ClusterAnswer,
  waitedMs: number,
  timeMs: number,
): Promise<(WholeAnswer & { sent: Buffer }) | undefined> {
  const { status, statusMessage, rawHeaders, rewrite, body } = answer;
  const sent = await readSmall(body, timeMs);
  if (sent === undefined) return undefined;
  const encoding = firstHeader(rawHeaders, 'content-encoding')?.trim().toLowerCase() ?? 'identity';
  const plain = inflate(sent, encoding, { isPart: false, maxOutputLength: MOST_BYTES });
  if (plain === undefined) {
    const bytes = rewrite === undefined ? sent : replaced(sent, rewrite);
    return { status, statusMessage, rawHeaders, bytes, sent };
  }
  const bytes = pageWithWait(rewrite === undefined ? plain : replaced(plain, rewrite), waitedMs, { marksLink: true });
  return { status, statusMessage, rawHeaders: withoutHeaders(rawHeaders, encodingHeader), bytes, sent };
}

function replaced(page: Buffer, rewrite: NonNullable<ClusterAnswer['rewrite']>): Buffer {
  const rewriter = new LinkRewriter(rewrite);
  return Buffer.concat([...rewriter.push(page), rewriter.end()]);
}

/** All of a body; undefined when it is longer, late or broken off: what was read of it is put back. */
async function readSmall(body: ClusterAnswer['body'], timeMs: number): Promise<Buffer | undefined> {
  const { promise, resolve } = Promise.withResolvers<Buffer | undefined>();
  const chunks: Buffer[] = [];
  let length = 0;
  const giveUp = () => {
    body.off('data', read);
    body.pause();
    if (length > 0 && !body.destroyed) body.unshift(Buffer.concat(chunks));
    resolve(undefined);
  };
  const read = (chunk: Buffer) => {
    chunks.push(chunk);
    length += chunk.length;
    if (length > MOST_BYTES) giveUp();
  };
  const end = () => resolve(body.complete ? Buffer.concat(chunks) : undefined);
  const timer = setTimeout(giveUp, timeMs);
  body.once('end', end).once('close', end);
  body.on('error', () => {}).on('data', read);
  try {
    return await promise;
  } finally {
    clearTimeout(timer);
    body.off('data', read).off('end', end).off('close', end);
  }
}
