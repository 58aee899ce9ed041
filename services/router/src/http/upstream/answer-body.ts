import type { UpstreamBody } from './upstream-answer.ts';

/** The whole of a short answer's body; undefined when it breaks off, is longer than allowed, or takes too long. */
export function readAnswerBody(body: UpstreamBody, maxBytes: number, timeMs: number): Promise<Buffer | undefined> {
  // It broke off while its head was read: no further event will say so.
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
