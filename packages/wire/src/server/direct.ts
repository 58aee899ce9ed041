import type { Socket } from 'node:net';
import type { WireAnswer } from './answer.ts';
import type { WireRequest } from './request.ts';

/** One who answers a request by its bytes, without the objects of an exchange: for what comes in hundreds of thousands. */
export interface DirectAnswerer {
  /**
   * The client may have gone, or has closed its side. To carry the request before this returns, so that the answer tells of it; one that has
   * gone is closed then.
   */
  disturbed(): void;
}

/** The connection of a request that is answered by its bytes: either of both is called, once. */
export interface DirectConnection {
  readonly socket: Socket;
  /** Lines that end the head of the answer. */
  readonly closingLines: string;
  /** Gives the answer: all of its bytes, of which none was given before. */
  give(answer: Buffer): void;
  /** It is to be answered as all others are, after all. */
  carry(): { request: WireRequest; answer: WireAnswer };
}
