import { EventEmitter } from 'node:events';
import { readBuffers } from './read-buffers.ts';

/** What a connection does for the body of the answer on it. */
export type BodySource = {
  pause(): void;
  resume(): void;
  /** The rest is not wanted. */
  abandon(): void;
};

/** Takes the body of an answer from its connection. */
export type BodySink = {
  /** The next bytes, for it to keep. */
  push(chunk: Buffer): void;
  /** Instead of it, where these bytes are only lent: true: no longer; false: until it calls `resume` of the source, and no more come before. */
  lend?(pieces: readonly Buffer[]): boolean;
  /** No more comes; `complete` says whether that was all, and `lent` is the buffer that its last bytes stand in, where they are still lent. */
  over(complete: boolean, lent?: Buffer): void;
};

/**
 * Takes the next bytes, which are its own until it returns: true: no longer; false: until it calls `resume`, and no more come before. The
 * list itself is its own for the call alone.
 */
export type TakePieces = (pieces: readonly Buffer[]) => boolean;

/**
 * The body of an answer. It has the shape of Node's `IncomingMessage`, as far as proxies use it: it flows from its first 'data' listener on, or
 * when it is resumed; 'end' after all of it, and 'close' at last, in any case. Nothing is lost that came before somebody listened. Who passes
 * it on takes it by `passTo` instead of 'data': then no byte of a long body is copied.
 */
export class AnswerBody extends EventEmitter implements BodySink {
  /** All of it has come. */
  complete = false;
  /** 'end' has been told of. */
  readableEnded = false;
  destroyed = false;
  closed = false;
  readonly #source: BodySource;
  /** What has come and was not taken. */
  #held: Buffer[] = [];
  #take: TakePieces | undefined;
  /** What its last bytes stand in, while they are needed. */
  #lent: Buffer | undefined;
  #isFlowing: boolean | undefined;
  #isOver = false;
  #isScheduled = false;

  constructor(source: BodySource) {
    super();
    this.#source = source;
  }

  override on(event: string, listener: (...all: never[]) => void): this {
    super.on(event, listener as () => void);
    if (event === 'data' && this.#isFlowing === undefined) this.resume();
    return this;
  }

  /** Instead of 'data' listeners: all that comes from now on is for this one. */
  passTo(take: TakePieces): this {
    this.#take = take;
    return this.resume();
  }

  pause(): this {
    this.#isFlowing = false;
    return this;
  }

  resume(): this {
    if (this.#isFlowing === true) return this;
    this.#isFlowing = true;
    this.#schedule();
    return this;
  }

  /** Puts back what was taken. */
  unshift(chunk: Buffer): void {
    this.#held.unshift(chunk);
  }

  /** Gives up the rest. */
  destroy(): this {
    if (this.destroyed) return this;
    this.destroyed = true;
    this.#held = [];
    if (!this.complete) this.#source.abandon();
    this.#isOver = true;
    this.#schedule();
    return this;
  }

  /** Pauses the source when no more is wanted for now. */
  push(chunk: Buffer): void {
    if (this.destroyed) return;
    if (this.#isWanted()) this.#give(chunk);
    else this.#held.push(chunk);
    if (this.#isFlowing !== true || this.#held.length > 0) this.#source.pause();
  }

  lend(pieces: readonly Buffer[]): boolean {
    if (this.#take === undefined || !this.#isWanted()) {
      for (const piece of pieces) this.push(Buffer.from(piece));
      return true;
    }
    if (this.#take(pieces)) return true;
    this.#isFlowing = false;
    this.#source.pause();
    return false;
  }

  over(complete: boolean, lent?: Buffer): void {
    if (this.#isOver) {
      if (lent !== undefined) readBuffers.abandon(lent);
      return;
    }
    this.#lent = lent;
    this.complete = complete;
    this.#isOver = true;
    this.#schedule();
  }

  #isWanted(): boolean {
    return this.#isFlowing === true && this.#held.length === 0 && !this.#isScheduled && !this.destroyed;
  }

  #give(chunk: Buffer): void {
    if (this.#take === undefined) this.emit('data', chunk);
    else if (!this.#take([chunk])) this.#isFlowing = false;
  }

  #schedule(): void {
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    process.nextTick(flow, this);
  }

  /** For the next turn of the event loop. */
  flow(): void {
    this.#isScheduled = false;
    if (this.#isFlowing === true && this.#lent !== undefined && !this.destroyed) {
      readBuffers.give(this.#lent);
      this.#lent = undefined;
    }
    while (this.#isFlowing === true && this.#held.length > 0) this.#give(this.#held.shift() as Buffer);
    if (this.#held.length > 0) return;
    if (!this.#isOver) {
      if (this.#isFlowing === true) this.#source.resume();
      return;
    }
    if (this.closed) return;
    // What is whole is told of as such only to those who have taken all of it.
    if (this.complete && !this.destroyed) {
      if (this.#isFlowing !== true) return;
      this.readableEnded = true;
      this.emit('end');
    }
    if (this.#lent !== undefined) readBuffers.abandon(this.#lent);
    this.#lent = undefined;
    this.destroyed = true;
    this.closed = true;
    this.emit('close');
  }
}

const flow = (body: AnswerBody) => body.flow();
