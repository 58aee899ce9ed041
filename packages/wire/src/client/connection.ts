import type { OnReadOpts, Socket } from 'node:net';
import { BodyFault, ChunkedReader, UnusualChunks } from '../bodies/chunked.ts';
import { type ResponseHead, ResponseHeads } from '../heads/response-head.ts';
import { writeTogether } from '../heads/write-head.ts';
import type { BodySink, BodySource } from './body.ts';
import { readCarefulChunks } from './careful-chunks.ts';
import { readBuffers, SHARED_BYTES } from './read-buffers.ts';

/** A request, as its bytes. */
export type WireAsk = {
  /** Whether it is answered without a body. */
  isHead: boolean;
  /** Request line and header lines, with the empty line; Latin-1. */
  head: string;
  body?: Buffer | undefined;
};

/** Who waits for an answer; one of the three is called, once. */
export type AnswerTaker = {
  /** Gives the one that takes the body; `source` is this connection for as long as the body comes. */
  answered(head: ResponseHead, source: BodySource): BodySink;
  /** The connection ended before the head of an answer; `isReused`: it may have ended while it was kept, before the request. */
  failed(error: Error, about: { isReused: boolean; hasBegun: boolean }): void;
  /** What comes is for another reader, from these bytes on. Nothing listens to the socket any more. */
  unusual(socket: Socket, unread: Buffer): void;
};

/**
 * Whose bytes are that were read: nobody else's; those of all connections, until the next read; or of the connection's large buffer,
 * which is read into when nobody needs them.
 */
type BytesKind = 'own' | 'shared' | 'large';

const EMPTY = Buffer.alloc(0);

/** One connection to a server, which has one request at a time. */
export class ClientConnection implements BodySource {
  readonly socket: Socket;
  /** When it was given back, by `performance.now()`. */
  idleSince = 0;
  readonly #onFree: (connection: ClientConnection) => void;
  readonly #onGone: (connection: ClientConnection) => void;
  readonly #heads = new ResponseHeads();
  readonly #chunks = new ChunkedReader();
  #taker: AnswerTaker | undefined;
  #isHead = false;
  #uses = 0;
  #pending: Buffer = EMPTY;
  #body: BodySink | undefined;
  /** Bytes of the body that are to come; undefined: it says itself where it ends. */
  #left: number | undefined;
  #keepsAlive = false;
  #isPaused = false;
  /** What the rest of a long body is read into. */
  #large: Buffer | undefined;
  /** Bytes in it are needed until this is resumed. */
  #isLent = false;
  /** How much of the body has come by the shared buffer. */
  #shared = 0;
  /** What the last read has brought of the body. */
  readonly #pieces: Buffer[] = [];
  /** Others read the socket. */
  #hasLeft = false;
  #error: Error | undefined;
  /** Reads the rest of the body instead of this. */
  #careful: BodySource | undefined;

  constructor(
    connect: (onread: OnReadOpts) => Socket,
    { onFree, onGone }: Record<'onFree' | 'onGone', (connection: ClientConnection) => void>,
  ) {
    this.#onFree = onFree;
    this.#onGone = onGone;
    this.socket = connect({ buffer: () => this.#large ?? readBuffers.shared, callback: this.#readInto });
    // No 'data' comes where `onread` is known.
    this.socket.on('data', this.#readOwn).on('error', this.#fail).on('end', this.#end).on('close', this.#close);
  }

  get isReused(): boolean {
    return this.#uses > 1;
  }

  /** Sends a request. Only when no other is under way. */
  send({ isHead, head, body }: WireAsk, taker: AnswerTaker): void {
    this.#taker = taker;
    this.#isHead = isHead;
    this.#uses += 1;
    writeTogether(this.socket, head, body ?? EMPTY);
  }

  /** Gives up the request under way: nobody is told of anything any more. */
  abandon(): void {
    this.#taker = undefined;
    this.#careful?.abandon();
    this.socket.destroy();
  }

  pause(): void {
    if (this.#careful !== undefined) {
      this.#careful.pause();
      return;
    }
    if (this.#body === undefined) return; // all of it has come
    this.#isPaused = true;
    this.socket.pause();
  }

  resume(): void {
    this.#careful?.resume();
    this.#isLent = false;
    if (!this.#isPaused) return;
    this.#isPaused = false;
    this.socket.resume();
  }

  /** These bytes are nobody's but who gets them. */
  #readOwn = (chunk: Buffer): void => {
    if (this.#body === undefined) this.#readHead(chunk);
    else this.#readBody(chunk, 0, 'own');
  };

  /** The next read is into the same buffer, or into that which `onread` is given then. */
  #readInto = (length: number, buffer: Uint8Array): boolean => {
    const bytes = (buffer as Buffer).subarray(0, length);
    if (this.#hasLeft) return this.socket.push(Buffer.from(bytes));
    if (this.#body !== undefined) this.#readBody(bytes, 0, buffer === this.#large ? 'large' : 'shared');
    else this.#readHead(bytes, 'shared');
    return true;
  };

  #readHead(chunk: Buffer, kind: BytesKind = 'own'): void {
    const taker = this.#taker;
    if (taker === undefined) {
      this.socket.destroy(); // an answer that nobody has asked for
      return;
    }
    const isFirst = this.#pending.length === 0;
    const bytes = isFirst ? chunk : Buffer.concat([this.#pending, chunk]);
    const isOwn = !isFirst || kind === 'own';
    const head = this.#heads.read(bytes, 0, bytes.length, this.#isHead ? 'HEAD' : 'other');
    if (head === 'incomplete') {
      this.#pending = isOwn ? bytes : Buffer.from(bytes);
      return;
    }
    this.#pending = EMPTY;
    this.#taker = undefined;
    if (head === 'unusual') {
      this.#leave();
      this.socket.pause();
      taker.unusual(this.socket, isOwn ? bytes : Buffer.from(bytes));
      return;
    }
    this.#keepsAlive = head.keepsAlive;
    this.#left = head.body.kind === 'chunked' ? undefined : head.body.kind === 'length' ? head.body.bytes : 0;
    this.#shared = 0;
    this.#body = taker.answered(head, this);
    this.#readBody(bytes, head.length, isOwn ? 'own' : kind);
  }

  #readBody(bytes: Buffer, from: number, kind: BytesKind): void {
    const body = this.#body;
    if (body === undefined || this.socket.destroyed) return;
    let end = -1;
    let fault: BodyFault | undefined;
    try {
      end = this.#left === undefined ? this.#readChunks(bytes, from) : this.#readLength(bytes, from);
    } catch (error) {
      if (!(error instanceof BodyFault)) throw error;
      fault = error;
    }
    if (end !== -1) this.#body = undefined;
    this.#pushPieces(body, kind);
    if (end !== -1) this.#endBody(body, end < bytes.length);
    else if (this.socket.destroyed) return;
    else if (fault instanceof UnusualChunks) this.#readCarefully(body, fault, bytes);
    else if (fault !== undefined) this.socket.destroy(fault);
    else if (kind === 'shared') this.#readLarge(bytes.length);
  }

  #pushPieces(body: BodySink, kind: BytesKind): void {
    const pieces = this.#pieces;
    if (pieces.length === 0) return;
    if (kind === 'large' && body.lend !== undefined) this.#isLent = !body.lend(pieces);
    else for (const piece of pieces) body.push(kind === 'own' ? piece : Buffer.from(piece));
    pieces.length = 0;
  }

  /** A body that is long is read into a buffer of its own from now on. */
  #readLarge(length: number): void {
    this.#shared += length;
    if (this.#shared >= SHARED_BYTES || (this.#left ?? 0) >= SHARED_BYTES) this.#large ??= readBuffers.take();
  }

  #endBody(body: BodySink, hasMore: boolean): void {
    body.over(true, this.#leaveLarge());
    const { destroyed, writableLength } = this.socket;
    const isSpoilt = hasMore || destroyed || writableLength > 0 || !this.#keepsAlive;
    if (this.#isPaused) {
      this.#isPaused = false;
      this.socket.resume();
    }
    if (isSpoilt) this.socket.destroy();
    else this.#onFree(this);
  }

  /** The large buffer, when its bytes are still needed; else it is given back. */
  #leaveLarge(): Buffer | undefined {
    const large = this.#large;
    const isLent = this.#isLent;
    this.#large = undefined;
    this.#isLent = false;
    if (isLent) return large;
    if (large !== undefined) readBuffers.give(large);
    return undefined;
  }

  /** Where the body ends; -1: more is to come. */
  #readLength(bytes: Buffer, from: number): number {
    const left = this.#left ?? 0;
    const end = Math.min(bytes.length, from + left);
    this.#left = left - (end - from);
    if (end > from) this.#pieces.push(from === 0 && end === bytes.length ? bytes : bytes.subarray(from, end));
    return this.#left === 0 ? end : -1;
  }

  #readChunks(bytes: Buffer, from: number): number {
    return this.#chunks.push(bytes, from, bytes.length, this.#pushPiece);
  }

  #pushPiece = (bytes: Buffer, from: number, to: number): void => {
    this.#pieces.push(bytes.subarray(from, to));
  };

  #readCarefully(body: BodySink, unusual: UnusualChunks, bytes: Buffer): void {
    this.#body = undefined;
    this.#leave();
    const isPaused = this.#isPaused;
    this.#isPaused = false;
    // Its buffer is not read into any more, and others do not say when they have read what is lent.
    const lent = this.#leaveLarge();
    if (lent !== undefined) readBuffers.abandon(lent);
    this.#careful = readCarefulChunks(this.socket, body, unusual, bytes);
    if (isPaused) this.#careful.pause();
  }

  #fail = (error: Error): void => {
    this.#error = error;
  };

  #end = (): void => {
    this.socket.destroy(); // no server of ours closes its side alone
  };

  #close = (): void => {
    this.#leave();
    const body = this.#body;
    const taker = this.#taker;
    this.#body = undefined;
    this.#taker = undefined;
    const lent = this.#leaveLarge();
    if (body !== undefined) body.over(false, lent);
    else if (lent !== undefined) readBuffers.abandon(lent);
    const hasBegun = this.#pending.length > 0;
    const ended = () => Object.assign(new Error('socket hang up'), { code: 'ECONNRESET' });
    taker?.failed(this.#error ?? ended(), { isReused: this.isReused, hasBegun });
  };

  #leave(): void {
    this.#hasLeft = true;
    this.socket.off('data', this.#readOwn).off('error', this.#fail).off('end', this.#end).off('close', this.#close);
    this.socket.on('error', () => {});
    this.#onGone(this);
  }
}
