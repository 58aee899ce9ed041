import type { Socket } from 'node:net';
import { BodyFault, ChunkedReader, UnusualChunks } from '../bodies/chunked.ts';
import { type ResponseHead, ResponseHeads } from '../heads/response-head.ts';
import { writeTogether } from '../heads/write-head.ts';
import type { BodySink, BodySource } from './body.ts';
import { readCarefulChunks } from './careful-chunks.ts';

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
  #error: Error | undefined;
  /** Reads the rest of the body instead of this. */
  #careful: BodySource | undefined;

  constructor(socket: Socket, { onFree, onGone }: Record<'onFree' | 'onGone', (connection: ClientConnection) => void>) {
    this.socket = socket;
    this.#onFree = onFree;
    this.#onGone = onGone;
    socket.on('data', this.#read).on('error', this.#fail).on('end', this.#end).on('close', this.#close);
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
    this.#isPaused = true;
    this.socket.pause();
  }

  resume(): void {
    this.#careful?.resume();
    if (!this.#isPaused) return;
    this.#isPaused = false;
    this.socket.resume();
  }

  #read = (chunk: Buffer): void => {
    if (this.#body !== undefined) this.#readBody(chunk, 0);
    else if (this.#taker === undefined)
      this.socket.destroy(); // an answer that nobody has asked for
    else this.#readHead(this.#pending.length === 0 ? chunk : Buffer.concat([this.#pending, chunk]), this.#taker);
  };

  #readHead(bytes: Buffer, taker: AnswerTaker): void {
    this.#pending = bytes;
    const head = this.#heads.read(bytes, 0, bytes.length, this.#isHead ? 'HEAD' : 'other');
    if (head === 'incomplete') return;
    this.#pending = EMPTY;
    this.#taker = undefined;
    if (head === 'unusual') {
      this.#leave();
      this.socket.pause();
      taker.unusual(this.socket, bytes);
      return;
    }
    this.#keepsAlive = head.keepsAlive;
    this.#left = head.body.kind === 'chunked' ? undefined : head.body.kind === 'length' ? head.body.bytes : 0;
    this.#body = taker.answered(head, this);
    this.#readBody(bytes, head.length);
  }

  #readBody(bytes: Buffer, from: number): void {
    const body = this.#body;
    if (body === undefined || this.socket.destroyed) return;
    const end = this.#left === undefined ? this.#readChunks(body, bytes, from) : this.#readLength(body, bytes, from);
    if (end === -1) return;
    this.#body = undefined;
    body.over(true);
    const isSpoilt = end < bytes.length || this.socket.writableLength > 0 || !this.#keepsAlive;
    if (this.#isPaused) {
      this.#isPaused = false;
      this.socket.resume();
    }
    if (isSpoilt) this.socket.destroy();
    else this.#onFree(this);
  }

  /** Where the body ends; -1: more is to come. */
  #readLength(body: BodySink, bytes: Buffer, from: number): number {
    const left = this.#left ?? 0;
    const end = Math.min(bytes.length, from + left);
    this.#left = left - (end - from);
    if (end > from) body.push(from === 0 && end === bytes.length ? bytes : bytes.subarray(from, end));
    return this.#left === 0 ? end : -1;
  }

  #readChunks(body: BodySink, bytes: Buffer, from: number): number {
    try {
      return this.#chunks.push(bytes, from, bytes.length, (all, start, end) => {
        body.push(all.subarray(start, end));
      });
    } catch (error) {
      if (!(error instanceof BodyFault)) throw error;
      if (error instanceof UnusualChunks) this.#readCarefully(body, error, bytes);
      else this.socket.destroy(error);
      return -1;
    }
  }

  #readCarefully(body: BodySink, unusual: UnusualChunks, bytes: Buffer): void {
    this.#body = undefined;
    this.#leave();
    const isPaused = this.#isPaused;
    this.#isPaused = false;
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
    body?.over(false);
    const hasBegun = this.#pending.length > 0;
    const ended = () => Object.assign(new Error('socket hang up'), { code: 'ECONNRESET' });
    taker?.failed(this.#error ?? ended(), { isReused: this.isReused, hasBegun });
  };

  #leave(): void {
    this.socket.off('data', this.#read).off('error', this.#fail).off('end', this.#end).off('close', this.#close);
    this.socket.on('error', () => {});
    this.#onGone(this);
  }
}
