import { firstHeader } from '@trino-gateway/trino';
import { type BodyPace, UNPACED_BYTES } from '../limits/body-pace.ts';
import type { ByteAccount } from '../limits/byte-budget.ts';
import type { CarriedRequest } from './carrier.ts';
import { DISCARDED_BYTES, noRoom, type StillSending, tooSlow } from './still-sending.ts';

/** The body of a request; or why there is none: it is longer than allowed, or the client hung up before its end. */
export type RequestBody = { kind: 'whole'; bytes: Buffer } | { kind: 'tooLong' } | { kind: 'abandoned' };

export type RequestBodyOptions = {
  /** What its bytes count against, from their arrival on. */
  account: ByteAccount;
  /** Long bodies are read at this pace. */
  pace: BodyPace;
  /** Shorter in tests. */
  timings?: Partial<typeof TIMINGS>;
};

const TIMINGS = {
  /** How long a client may send as slowly as it likes. */
  graceMs: 10_000,
  /** How many bytes a second it must have sent on average afterwards. */
  leastRate: 16_384,
};

const CHECK_EVERY_MS = 1_000;
/** Shorter chunks are joined: each by itself takes more memory than it has bytes. */
const SMALL_PIECE = 16_384;

/**
 * Reads a request's body. The time it may take in all is the server's `requestTimeout`.
 * @throws StillSending when there is no room for it now (503), or it comes too slowly (408)
 */
export async function readRequestBody(
  request: CarriedRequest,
  maxBytes: number,
  options: RequestBodyOptions,
): Promise<RequestBody> {
  if (request.wholeBody !== undefined) return takeWhole(request.wholeBody, maxBytes, options);
  const announced = Number(firstHeader(request.rawHeaders, 'content-length') ?? 0);
  const { account, pace } = options;
  const fits = announced > maxBytes || account.fits(announced);
  if (!(typeof fits === 'boolean' ? fits : await fits)) throw noRoom(pace);
  return await readWithin(request, maxBytes, options, announced);
}

/** The body is there: it takes its room, no time. */
async function takeWhole(bytes: Buffer, maxBytes: number, { account, pace }: RequestBodyOptions): Promise<RequestBody> {
  if (bytes.length > maxBytes) return { kind: 'tooLong' };
  const taken = account.take(bytes.length);
  if (!(typeof taken === 'boolean' ? taken : await taken)) throw noRoom(pace);
  return { kind: 'whole', bytes };
}

function readWithin(
  request: CarriedRequest,
  maxBytes: number,
  { account, pace, timings }: RequestBodyOptions,
  announced: number,
): Promise<RequestBody> {
  const { graceMs, leastRate } = { ...TIMINGS, ...timings };
  // The client may have left before.
  if (request.closed) return Promise.resolve({ kind: 'abandoned' });
  return new Promise((resolve, reject) => {
    const pieces = new Pieces();
    const beganAt = performance.now();
    let length = 0;
    const check = () => {
      if ((length * 1_000) / (performance.now() - beganAt) >= leastRate) timer = setTimeout(check, CHECK_EVERY_MS);
      else giveUp(tooSlow(pace));
    };
    let timer = setTimeout(check, graceMs);
    const giveUp = (reason: StillSending) => {
      clearTimeout(timer);
      pieces.clear();
      account.close();
      reject(reason);
    };
    request.on('data', (chunk: Buffer) => {
      length += chunk.length;
      if (length > UNPACED_BYTES) pace.waitForTurn(request);
      if (announced <= maxBytes && length <= maxBytes) {
        const taken = account.take(chunk.length);
        if (taken === false) return giveUp(noRoom(pace));
        pieces.add(chunk);
        if (taken !== true) void taken.then((isRoom) => isRoom || giveUp(noRoom(pace)));
        return;
      }
      pieces.clear();
      account.close();
      if (length <= maxBytes + DISCARDED_BYTES) return;
      clearTimeout(timer);
      resolve({ kind: 'tooLong' });
    });
    request.once('end', () => {
      clearTimeout(timer);
      resolve(length > maxBytes ? { kind: 'tooLong' } : { kind: 'whole', bytes: pieces.whole() });
    });
    request.on('error', () => resolve({ kind: 'abandoned' }));
    request.once('close', () => {
      clearTimeout(timer);
      resolve({ kind: 'abandoned' });
    });
  });
}

/** What has arrived so far. */
class Pieces {
  #pieces: Buffer[] = [];
  #open = Buffer.alloc(0);
  #used = 0;

  add(piece: Buffer): void {
    if (piece.length >= SMALL_PIECE || this.#pieces.length === 0) {
      this.#closeOpen();
      this.#pieces.push(piece);
      return;
    }
    if (this.#used + piece.length > this.#open.length) {
      this.#closeOpen();
      this.#open = Buffer.allocUnsafeSlow(SMALL_PIECE);
    }
    this.#used += piece.copy(this.#open, this.#used);
  }

  #closeOpen(): void {
    if (this.#used > 0) this.#pieces.push(this.#open.subarray(0, this.#used));
    this.#open = Buffer.alloc(0);
    this.#used = 0;
  }

  whole(): Buffer {
    this.#closeOpen();
    const [only, ...others] = this.#pieces;
    const bytes = only !== undefined && others.length === 0 ? only : Buffer.concat(this.#pieces);
    this.clear();
    return bytes;
  }

  clear(): void {
    this.#pieces = [];
    this.#open = Buffer.alloc(0);
    this.#used = 0;
  }
}
