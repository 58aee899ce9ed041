import type { IncomingMessage } from 'node:http';
import type { Readable } from 'node:stream';

/** The body of a request, or why there is none: it is longer than allowed, or the client hung up before its end. */
export type RequestBody = { kind: 'whole'; bytes: Buffer } | { kind: 'tooLong' } | { kind: 'abandoned' };

/** Past the limit this much more is read and thrown away, so that a client that is still sending can read its answer. */
const DISCARDED_BYTES = 268_435_456;

/** Reads a request's body. The time it may take is the server's `requestTimeout`. */
export function readRequestBody(request: IncomingMessage, maxBytes: number): Promise<RequestBody> {
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    let length = 0;
    request.on('data', (chunk: Buffer) => {
      length += chunk.length;
      if (length <= maxBytes) chunks.push(chunk);
      else chunks.length = 0;
      if (length > maxBytes + DISCARDED_BYTES) resolve({ kind: 'tooLong' });
    });
    request.once('end', () => {
      resolve(length > maxBytes ? { kind: 'tooLong' } : { kind: 'whole', bytes: Buffer.concat(chunks) });
    });
    request.on('error', () => resolve({ kind: 'abandoned' }));
    request.once('close', () => resolve({ kind: 'abandoned' }));
  });
}

/** The whole of a short answer's body; undefined when it breaks off, is longer than allowed, or takes too long. */
export function readAnswerBody(
  body: Readable & { complete: boolean },
  maxBytes: number,
  timeMs: number,
): Promise<Buffer | undefined> {
  // It broke off while its head was read: no event tells of that any more.
  if (body.closed) return Promise.resolve(undefined);
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    let length = 0;
    const timer = setTimeout(() => body.destroy(), timeMs);
    body.on('data', (chunk: Buffer) => {
      length += chunk.length;
      if (length > maxBytes) body.destroy();
      else chunks.push(chunk);
    });
    body.on('error', () => {});
    body.once('end', () => resolve(body.complete ? Buffer.concat(chunks) : undefined));
    body.once('close', () => {
      clearTimeout(timer);
      resolve(undefined);
    });
  });
}
