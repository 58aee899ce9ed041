import type { Socket } from 'node:net';
import { type RequestHead, RequestHeads } from '../heads/request-head.ts';
import { type AnswerConnection, WireAnswer } from './answer.ts';
import type { DirectAnswerer, DirectConnection } from './direct.ts';
import { WireRequest } from './request.ts';
import { leaveBytes, takeBytes } from './shared-reads.ts';
import { turnNow } from './turns.ts';

/** More than this of an unfinished request, or behind one, is not kept: it takes the careful road. */
const KEPT_BYTES = 16_384;
/** A client that only closes its side does so with its request: so soon after it, or in the next turn of the event loop. */
const AT_ONCE_MS = 10;
/** So long a client that has closed its side may wait for its answer to begin: nothing tells it from one that has gone. */
const HALF_CLOSED_MS = 5_000;
const LAST = 'Connection: close\r\n';
const EMPTY = Buffer.alloc(0);

/** What becomes of what a connection brings. */
export type Takers = {
  /** Whoever answers this request, which has no body, by its bytes; undefined: it is a request as all others. */
  answerDirectly?(head: RequestHead, connection: DirectConnection): DirectAnswerer | undefined;
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
export class ServerConnection implements AnswerConnection, DirectConnection {
  readonly socket: Socket;
  readonly keepAliveLines: string;
  readonly #takers: Takers;
  readonly #heads = new RequestHeads();
  readonly #onGone: () => void;
  readonly #isEncrypted: boolean;
  #pending: Buffer = EMPTY;
  /** Of a request whose body has not come whole. */
  #head: RequestHead | undefined;
  #answer: WireAnswer | undefined;
  #direct: DirectAnswerer | undefined;
  /** Of the request that is answered directly. */
  #directHead: RequestHead | undefined;
  /** Since when the client has not taken all of an answer that was given, by `performance.now()`; 0: it has. */
  #untakenSince = 0;
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
    this.#isEncrypted = 'encrypted' in socket;
    this.#takers = takers;
    this.keepAliveLines = options.keepAliveLines;
    this.#onGone = options.onGone;
    this.lastAt = performance.now();
    takeBytes(socket, this.#read);
    socket.on('end', this.#end).on('close', this.#close).on('drain', this.#drain);
    socket.on('error', ignore);
  }

  get isIdle(): boolean {
    return this.#answer === undefined && this.#direct === undefined && this.#untakenSince === 0;
  }

  /** For how long its client has left a direct answer untaken. */
  untakenMs(now: number): number {
    return this.#untakenSince === 0 ? 0 : now - this.#untakenSince;
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

  get closingLines(): string {
    return this.#isStopping ? LAST : this.keepAliveLines;
  }

  give(answer: Buffer): void {
    const isLast = this.#isStopping;
    this.#direct = undefined;
    this.#directHead = undefined;
    const { socket } = this;
    if (socket.destroyed) return;
    if (this.#isEncrypted && !isLast) {
      // What is encrypted is never taken at once.
      this.#untakenSince = performance.now();
      socket.write(answer, this.#taken);
      return;
    }
    socket.write(answer);
    if (isLast) {
      this.#pending = EMPTY;
      socket.destroySoon();
    } else if (socket.writableLength === 0) this.#next();
    else {
      this.#untakenSince = performance.now();
      socket.write(EMPTY, this.#taken); // no 'drain' tells of what is less than a socket holds
    }
  }

  carry(): { request: WireRequest; answer: WireAnswer } {
    const head = this.#directHead;
    if (head === undefined) throw new Error('this request is not answered directly');
    this.#direct = undefined;
    this.#directHead = undefined;
    return this.#open(head, EMPTY);
  }

  over(answer: WireAnswer): void {
    if (this.#answer !== answer) return;
    this.#answer = undefined;
    clearTimeout(this.#halfClosed);
    if (this.socket.destroyed) return;
    if (!answer.shouldKeepAlive) {
      this.#pending = EMPTY;
      this.socket.destroySoon();
      return;
    }
    this.#next();
  }

  /** The answer is over: another request may come, or has. */
  #next(): void {
    this.lastAt = performance.now();
    if (this.#hasEnded) this.#serveRest();
    else if (this.#pending.length > 0)
      this.handOver(); // it sends requests before it has answers: no client of statements does
    else if (this.#isPaused) {
      this.#isPaused = false;
      this.socket.resume();
    }
  }

  #read = (chunk: Buffer): void => {
    this.lastAt = performance.now();
    const bytes = this.#pending.length === 0 ? chunk : Buffer.concat([this.#pending, chunk]);
    if (!this.isIdle) {
      this.#pending = ownBytes(bytes, 0, bytes.length);
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
    const body = ownBytes(bytes, head.length, end);
    this.#pending = ownBytes(bytes, end, bytes.length);
    this.requests += 1;
    this.#requestAt = this.lastAt;
    this.#requestTurn = turnNow();
    if (body.length === 0) {
      this.#directHead = head;
      this.#direct = this.#takers.answerDirectly?.(head, this);
      if (this.#direct !== undefined) return;
      this.#directHead = undefined;
    }
    const { request, answer } = this.#open(head, body);
    this.#takers.onRequest(request, answer);
  }

  #open(head: RequestHead, body: Buffer): { request: WireRequest; answer: WireAnswer } {
    const request = new WireRequest(this.socket, head, body);
    const answer = new WireAnswer(this, request);
    if (this.#isStopping) answer.shouldKeepAlive = false;
    this.#answer = answer;
    return { request, answer };
  }

  /** Its client has closed its side: what it had sent before that is answered, too, and nothing else will come. */
  #serveRest(): void {
    const bytes = this.#pending;
    const head = this.#heads.read(bytes, 0, bytes.length);
    const isWhole = typeof head !== 'string' && head.length + (head.block.contentLength ?? 0) <= bytes.length;
    if (!isWhole || !this.#takers.isTaken(head.target)) {
      this.#pending = EMPTY;
      this.socket.destroySoon();
      return;
    }
    this.#serve(head, bytes);
    this.#waitHalfClosed();
  }

  /** Waits for the rest of a request, which will have so many bytes at least. */
  #keep(bytes: Buffer, least: number): void {
    this.#pending = ownBytes(bytes, 0, bytes.length);
    if (least > KEPT_BYTES) this.handOver();
  }

  #handOverWith(bytes: Buffer): void {
    this.#pending = ownBytes(bytes, 0, bytes.length);
    this.handOver();
  }

  /** Its client has closed its side: it may do so together with its request. */
  #end = (): void => {
    this.#hasEnded = true;
    this.#direct?.disturbed();
    if (this.#answer === undefined) {
      this.socket.end();
      return;
    }
    if (turnNow() - this.#requestTurn > 1 && performance.now() - this.#requestAt > AT_ONCE_MS) {
      this.socket.destroy();
      return;
    }
    this.#waitHalfClosed();
  };

  #waitHalfClosed(): void {
    const answer = this.#answer;
    clearTimeout(this.#halfClosed);
    this.#halfClosed = setTimeout(() => {
      if (answer?.headersSent === false) this.socket.destroy();
    }, HALF_CLOSED_MS);
  }

  /** All of a direct answer was handed to the system; or the connection has failed. */
  #taken = (): void => {
    this.#untakenSince = 0;
    if (this.socket.destroyed) return;
    if (this.#hasEnded) this.socket.destroySoon();
    else this.#next();
  };

  #drain = (): void => {
    this.#answer?.emit('drain');
  };

  #close = (): void => {
    clearTimeout(this.#halfClosed);
    this.#pending = EMPTY;
    this.#direct?.disturbed();
    const answer = this.#answer;
    this.#leave();
    answer?.close();
  };

  #leave(): void {
    leaveBytes(this.socket, this.#read);
    this.socket.off('end', this.#end).off('close', this.#close).off('drain', this.#drain).off('error', ignore);
    this.#onGone();
  }
}

const ignore = () => {};

/** A copy of these bytes: what a socket has read is its own again after the call. */
function ownBytes(bytes: Buffer, from: number, to: number): Buffer {
  if (from === to) return EMPTY;
  const own = Buffer.allocUnsafeSlow(to - from);
  bytes.copy(own, 0, from, to);
  return own;
}
