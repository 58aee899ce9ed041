import type { Socket } from 'node:net';
import type { RequestHead } from '../heads/request-head.ts';

/** A request that has come whole. It has the shape of Node's `IncomingMessage`, as far as one whose body is there already needs it. */
export class WireRequest {
  readonly method: string;
  /** The request target: a path, perhaps with a query. */
  readonly url: string;
  readonly rawHeaders: readonly string[];
  readonly httpVersion = '1.1';
  readonly complete = true;
  readonly closed = false;
  readonly destroyed = false;
  readonly socket: Socket;
  /** What was parsed of its headers; the same object for as long as a client sends the same headers on its connection. */
  readonly block: RequestHead['block'];
  /** Empty where there is none. */
  readonly wholeBody: Buffer;

  constructor(socket: Socket, head: RequestHead, body: Buffer) {
    this.socket = socket;
    this.method = head.method;
    this.url = head.target;
    this.block = head.block;
    this.rawHeaders = head.block.rawHeaders;
    this.wholeBody = body;
  }

  /** Nothing further happens to it: its connection tells of its end by the answer. */
  on(): this {
    return this;
  }

  once(): this {
    return this;
  }

  removeAllListeners(): this {
    return this;
  }

  pause(): this {
    return this;
  }

  resume(): this {
    return this;
  }
}
