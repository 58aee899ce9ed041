import type { IncomingMessage } from 'node:http';

/** The body of a request, or why there is none. */
export type RequestBody = { kind: 'whole'; bytes: Buffer } | { kind: 'too long' | 'too slow' | 'abandoned' | 'busy' };

export type BodyLimits = {
  /** Of one body; default 16 MiB. */
  most?: number;
  /** Of all bodies that are being read at one time; default 64 MiB. */
  mostInAll?: number;
  /** How long one may take; default 30 s. */
  timeLimitMs?: number;
};

/** A reader of bodies that bounds the size of all of them together. It stops reading once it has an answer. */
export function createBodyReader(limits: BodyLimits = {}): (request: IncomingMessage) => Promise<RequestBody> {
  const { most = 16 * 1024 * 1024, mostInAll = 64 * 1024 * 1024, timeLimitMs = 30_000 } = limits;
  let inAll = 0;
  return async (request) => {
    const chunks: Buffer[] = [];
    let length = 0;
    const { promise, resolve } = Promise.withResolvers<RequestBody>();
    const onData = (chunk: Buffer) => {
      chunks.push(chunk);
      length += chunk.length;
      inAll += chunk.length;
      if (length > most) resolve({ kind: 'too long' });
      else if (inAll > mostInAll) resolve({ kind: 'busy' });
    };
    const timer = setTimeout(() => resolve({ kind: 'too slow' }), timeLimitMs);
    request.on('data', onData);
    request.once('end', () => resolve({ kind: 'whole', bytes: Buffer.concat(chunks) }));
    request.on('error', () => resolve({ kind: 'abandoned' }));
    request.once('close', () => resolve({ kind: 'abandoned' }));
    try {
      return await promise;
    } finally {
      clearTimeout(timer);
      request.off('data', onData);
      inAll -= length;
    }
  };
}
