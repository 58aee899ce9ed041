import type {
  AnswerTaker,
  BodySink,
  BodySource,
  ClientConnection,
  DirectAnswerer,
  DirectConnection,
  ResponseHead,
  WireAnswer,
  WireRequest,
} from '@trino-gateway/wire';
import type { CarriedAnswer, CarriedRequest } from '../../http/carrier.ts';
import type { Release } from '../../limits/request-limits.ts';
import type { Coordinator } from '../../stickiness/coordinator.ts';
import type { Poll } from '../request.ts';
import { type KnownAnswer, knownAnswer } from './known-answers.ts';
import type { KnownRequest } from './known-requests.ts';

/** The listener that a request came in by. */
export type DirectListener = {
  readonly port: number;
  /** A poll has become an exchange as any other. */
  begun(request: CarriedRequest, answer: CarriedAnswer): void;
  /** A poll has its page. */
  passed(): void;
};

/** A poll that has been sent to its coordinator. */
export type SentPoll = {
  request: Poll;
  coordinator: Coordinator;
  known: KnownRequest;
  listener: DirectListener;
  /** The connection it was sent by. */
  upstream: ClientConnection;
  /** Of its client's share, and of its backend's. */
  releases: { client: Release; backend: Release };
};

/** What is to be done for polls. */
export type PollEnds = {
  /** All of its page has come: it is noted, and the poll is over. */
  passed(poll: DirectPoll, answer: KnownAnswer, head: ResponseHead, page: Buffer): void;
  /** Its client's connection, from now on, as that of any other request; `DirectPoll.expect` is to be called before this returns. */
  carry(poll: DirectPoll, carried: { request: WireRequest; answer: WireAnswer }): void;
};

/** A longer page goes to its client while it comes. */
export const MOST_PAGE_BYTES = 65_536;
/** Where nobody waits for the answer any more. */
const NOBODY: BodySink = { push: () => {}, over: () => {} };

/**
 * A poll whose answer is most likely a page as they all are: a small one, from the one coordinator. Then it is passed on in one piece, and none
 * of the objects of an exchange is made. Whatever else comes, it turns into an exchange as any other, in the state it has.
 */
export class DirectPoll implements DirectAnswerer, AnswerTaker, BodySink {
  readonly sent: SentPoll;
  readonly connection: DirectConnection;
  /** By `performance.now()`. */
  readonly startedAt: number;
  readonly #ends: PollEnds;
  #answer: KnownAnswer | undefined;
  #head: ResponseHead | undefined;
  #source: BodySource | undefined;
  /** Of its page, what has come. */
  #parts: Buffer[] = [];
  #length = 0;
  #isOver = false;
  /** Set: an exchange waits for the answer. */
  #taker: AnswerTaker | undefined;
  #body: BodySink | undefined;

  constructor(connection: DirectConnection, sent: SentPoll, ends: PollEnds) {
    this.connection = connection;
    this.sent = sent;
    this.startedAt = performance.now();
    this.#ends = ends;
  }

  /** From now on the answer goes there. For the exchange that it becomes. */
  expect(taker: AnswerTaker): void {
    this.#taker = taker;
  }

  disturbed(): void {
    this.carry();
  }

  /** It is an exchange as any other from now on. */
  carry(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#ends.carry(this, this.connection.carry());
    if (this.#taker === undefined) this.sent.upstream.abandon(); // it was refused before anybody asked for the answer
    if (this.#head !== undefined && this.#source !== undefined) this.#passOn(this.#head, this.#source);
  }

  answered(head: ResponseHead, source: BodySource): BodySink {
    if (this.#taker !== undefined) return this.#taker.answered(head, source);
    const { body } = head;
    const isShort = body.kind === 'chunked' || (body.kind === 'length' && body.bytes <= MOST_PAGE_BYTES);
    this.#answer = isShort ? knownAnswer(head) : undefined;
    this.#head = head;
    this.#source = source;
    if (this.#answer === undefined) this.carry();
    return this.#body ?? this;
  }

  failed(...all: Parameters<AnswerTaker['failed']>): void {
    this.carry();
    this.#taker?.failed(...all);
  }

  unusual(...all: Parameters<AnswerTaker['unusual']>): void {
    this.carry();
    if (this.#taker === undefined) all[0].destroy();
    else this.#taker.unusual(...all);
  }

  push(chunk: Buffer): void {
    if (this.#body !== undefined) {
      this.#body.push(chunk);
      return;
    }
    if (this.#isOver) return;
    this.#length += chunk.length;
    const { body } = this.#head as ResponseHead;
    if (body.kind === 'length' && chunk.length === body.bytes) {
      this.#give(chunk);
      return;
    }
    this.#parts.push(chunk);
    if (this.#length > MOST_PAGE_BYTES) this.carry();
  }

  lend(pieces: readonly Buffer[]): boolean {
    if (this.#body?.lend !== undefined) return this.#body.lend(pieces);
    for (const piece of pieces) this.push(Buffer.from(piece));
    return true;
  }

  over(complete: boolean, lent?: Buffer): void {
    if (this.#body === undefined && !this.#isOver) {
      if (complete && this.#length > 0) this.#give(Buffer.concat(this.#parts, this.#length));
      else this.carry();
    }
    this.#body?.over(complete, lent);
  }

  #give(page: Buffer): void {
    this.#isOver = true;
    this.#parts = [];
    const { connection } = this;
    const head = this.#head as ResponseHead;
    const answer = this.#answer as KnownAnswer;
    this.#ends.passed(this, answer, head, page);
    const date = head.rawHeaders[answer.dateAt] ?? '';
    const lines = `${answer.lines}Date: ${date}\r\nContent-Length: ${page.length}\r\n${connection.closingLines}\r\n`;
    const bytes = Buffer.allocUnsafe(lines.length + page.length);
    bytes.write(lines, 'latin1');
    page.copy(bytes, lines.length);
    connection.give(bytes);
  }

  /** To the exchange: what has come of the answer. */
  #passOn(head: ResponseHead, source: BodySource): void {
    const body = this.#taker?.answered(head, source) ?? NOBODY;
    this.#body = body;
    for (const part of this.#parts) body.push(part);
    this.#parts = [];
  }
}
