import { EventEmitter } from 'node:events';

/** What a connection does for the body of the answer on it. */
export type BodySource = {
  pause(): void;
  resume(): void;
  /** The rest is not wanted. */
  abandon(): void;
};

/** Takes the body of an answer from its connection. */
export type BodySink = {
  /** The next bytes. */
  push(chunk: Buffer): void;
  /** No more comes; `complete` says whether that was all. */
  over(complete: boolean): void;
};

/**
 * The body of an answer. It has the shape of Node's `IncomingMessage`, as far as proxies use it: it flows from its first 'data' listener on, or
 * when it is resumed; 'end' after all of it, and 'close' at last, in any case. Nothing is lost that came before somebody listened.
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
    if (this.#isFlowing === true && this.#held.length === 0 && !this.#isScheduled) this.emit('data', chunk);
    else this.#held.push(chunk);
    if (this.#isFlowing !== true || this.#held.length > 0) this.#source.pause();
  }

  over(complete: boolean): void {
    if (this.#isOver) return;
    this.complete = complete;
    this.#isOver = true;
    this.#schedule();
  }

  #schedule(): void {
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    process.nextTick(flow, this);
  }

  /** For the next turn of the event loop. */
  flow(): void {
    this.#isScheduled = false;
    while (this.#isFlowing === true && this.#held.length > 0) this.emit('data', this.#held.shift());
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
    this.destroyed = true;
    this.closed = true;
    this.emit('close');
  }
}

const flow = (body: AnswerBody) => body.flow();
