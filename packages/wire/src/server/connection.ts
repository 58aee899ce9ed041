import type { Socket } from 'node:net';
import { type RequestHead, RequestHeads } from '../heads/request-head.ts';
import { type AnswerConnection, WireAnswer } from './answer.ts';
import { WireRequest } from './request.ts';
import { turnNow } from './turns.ts';

/** More than this of an unfinished request, or behind one, is not kept: it takes the careful road. */
const KEPT_BYTES = 16_384;
/** A client that only closes its side does so with its request: so soon after it, or in the next turn of the event loop. */
const AT_ONCE_MS = 10;
/** So long a client that has closed its side may wait for its answer to begin: nothing tells it from one that has gone. */
const HALF_CLOSED_MS = 5_000;
const EMPTY = Buffer.alloc(0);

/** What becomes of what a connection brings. */
export type Takers = {
  /** A request that is exactly what it should be. One at a time: the next comes when this one's answer is over. */
  onRequest(request: WireRequest, answer: WireAnswer): void;
  /**
   * Something else has come, or is coming: this connection is no longer ours. Nothing listens to it any more, and `unread` is what was read of
   * it and not answered.
   */
  handOver(socket: Socket, unread: Buffer): void;
  /** Whether requests with this target are taken. */
  isTaken(target: string): boolean;
};

/** One connection of a client. */
export class ServerConnection implements AnswerConnection {
  readonly socket: Socket;
  readonly keepAliveLines: string;
  readonly #takers: Takers;
  readonly #heads = new RequestHeads();
  readonly #onGone: () => void;
  #pending: Buffer = EMPTY;
  /** Of a request whose body has not come whole. */
  #head: RequestHead | undefined;
  #answer: WireAnswer | undefined;
  #isPaused = false;
  #hasEnded = false;
  #isStopping = false;
  #requestAt = 0;
  #requestTurn = 0;
  #halfClosed: NodeJS.Timeout | undefined;
  /** When the last byte came or the last answer went, by `performance.now()`. */
  lastAt: number;
  /** Requests so far. */
  requests = 0;

  constructor(socket: Socket, takers: Takers, options: { keepAliveLines: string; onGone: () => void }) {
    this.socket = socket;
    this.#takers = takers;
    this.keepAliveLines = options.keepAliveLines;
    this.#onGone = options.onGone;
    this.lastAt = performance.now();
    socket.on('data', this.#read).on('end', this.#end).on('close', this.#close).on('drain', this.#drain);
    socket.on('error', ignore);
  }

  get isIdle(): boolean {
    return this.#answer === undefined;
  }

  /** Bytes that wait for more of their request. */
  get unread(): number {
    return this.#pending.length;
  }

  /** From now on each answer is the last. */
  announceStop(): void {
    this.#isStopping = true;
    if (this.#answer !== undefined) this.#answer.shouldKeepAlive = false;
  }

  /** Gives the connection, with what was read of it, to others. Only while it is idle. */
  handOver(): void {
    this.#leave();
    // What has come while it was paused: bytes that are left in the socket's own buffer would be overtaken by those that come.
    const buffered = this.#isPaused ? (this.socket.read() as Buffer | null) : null;
    const unread = buffered === null ? this.#pending : Buffer.concat([this.#pending, buffered]);
    this.#pending = EMPTY;
    this.#takers.handOver(this.socket, unread);
  }

  over(answer: WireAnswer): void {
    if (this.#answer !== answer) return;
    this.#answer = undefined;
    clearTimeout(this.#halfClosed);
    if (this.socket.destroyed) return;
    if (!answer.shouldKeepAlive || this.#hasEnded) {
      this.#pending = EMPTY;
      this.socket.destroySoon();
      return;
    }
    this.lastAt = performance.now();
    if (this.#pending.length > 0)
      this.handOver(); // it sends requests before it has answers: no client of statements does
    else if (this.#isPaused) {
      this.#isPaused = false;
      this.socket.resume();
    }
  }

  #read = (chunk: Buffer): void => {
    this.lastAt = performance.now();
    const bytes = this.#pending.length === 0 ? chunk : Buffer.concat([this.#pending, chunk]);
    if (this.#answer !== undefined) {
      this.#pending = bytes;
      if (bytes.length <= KEPT_BYTES) return;
      this.#isPaused = true;
      this.socket.pause();
      return;
    }
    const head = this.#head ?? this.#heads.read(bytes, 0, bytes.length);
    if (head === 'incomplete') this.#keep(bytes, bytes.length);
    else if (head === 'unusual' || !this.#takers.isTaken(head.target)) this.#handOverWith(bytes);
    else this.#serve(head, bytes);
  };

  /** A request whose head has come. */
  #serve(head: RequestHead, bytes: Buffer): void {
    const end = head.length + (head.block.contentLength ?? 0);
    if (end > bytes.length) {
      this.#head = head;
      this.#keep(bytes, end);
      return;
    }
    this.#head = undefined;
    const request = new WireRequest(this.socket, head, end === head.length ? EMPTY : bytes.subarray(head.length, end));
    this.#pending = end === bytes.length ? EMPTY : bytes.subarray(end);
    this.requests += 1;
    this.#requestAt = this.lastAt;
    this.#requestTurn = turnNow();
    const answer = new WireAnswer(this, request);
    if (this.#isStopping) answer.shouldKeepAlive = false;
    this.#answer = answer;
    this.#takers.onRequest(request, answer);
  }

  /** Waits for the rest of a request, which will have so many bytes at least. */
  #keep(bytes: Buffer, least: number): void {
    this.#pending = bytes;
    if (least > KEPT_BYTES) this.handOver();
  }

  #handOverWith(bytes: Buffer): void {
    this.#pending = bytes;
    this.handOver();
  }

  /** Its client has closed its side: it may do so together with its request. */
  #end = (): void => {
    this.#hasEnded = true;
    if (this.#answer === undefined) {
      this.socket.end();
      return;
    }
    if (turnNow() - this.#requestTurn > 1 && performance.now() - this.#requestAt > AT_ONCE_MS) {
      this.socket.destroy();
      return;
    }
    const answer = this.#answer;
    this.#halfClosed = setTimeout(() => {
      if (!answer.headersSent) this.socket.destroy();
    }, HALF_CLOSED_MS);
  };

  #drain = (): void => {
    this.#answer?.emit('drain');
  };

  #close = (): void => {
    clearTimeout(this.#halfClosed);
    this.#pending = EMPTY;
    const answer = this.#answer;
    this.#leave();
    answer?.close();
  };

  #leave(): void {
    this.socket
      .off('data', this.#read)
      .off('end', this.#end)
      .off('close', this.#close)
      .off('drain', this.#drain)
      .off('error', ignore);
    this.#onGone();
  }
}

const ignore = () => {};
