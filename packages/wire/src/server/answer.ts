import { EventEmitter } from 'node:events';
import { STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import { endsLine, headerLines, writePieces, writeTogether } from '../heads/write-head.ts';
import type { WireRequest } from './request.ts';

const EMPTY = Buffer.alloc(0);

/** What a connection does for the answers on it. */
export type AnswerConnection = {
  readonly socket: Socket;
  /** Lines that end each head that does not close the connection, such as `Keep-Alive`. */
  readonly keepAliveLines: string;
  /** The answer has been given, or given up. */
  over(answer: WireAnswer): void;
};

/**
 * The answer to a request. It has the shape of Node's `ServerResponse`, as far as proxies use it: 'finish' when all of it was handed to the
 * system, 'drain', and 'close' at last, in any case; each in a turn of its own, after the call that caused it.
 */
export class WireAnswer extends EventEmitter {
  readonly req: WireRequest;
  statusCode = 200;
  shouldKeepAlive: boolean;
  headersSent = false;
  closed = false;
  destroyed = false;
  writableFinished = false;
  readonly #connection: AnswerConnection;
  /** The head, until the first bytes of the body go with it. */
  #head = '';
  #isChunked = false;
  #hasBody = true;
  #isEnded = false;

  constructor(connection: AnswerConnection, request: WireRequest) {
    super();
    this.#connection = connection;
    this.req = request;
    this.shouldKeepAlive = request.block.keepsAlive;
  }

  get socket(): Socket {
    return this.#connection.socket;
  }

  /**
   * @param lines names and values in turn. Without `Content-Length` the body is sent in chunks; to HEAD, and with 204 and 304, there is none.
   * @throws Error when a line holds what would end it
   */
  writeHead(status: number, reason: string | undefined, lines: readonly string[]): this {
    if (this.headersSent) throw new Error('the head of this answer has been sent');
    const head = headerLines(lines);
    let hasLength = false;
    let hasDate = false;
    for (let at = 0; at < lines.length; at += 2) {
      const name = lines[at] ?? '';
      if (name.length === 14 && name.toLowerCase() === 'content-length') hasLength = true;
      else if (name.length === 4 && name.toLowerCase() === 'date') hasDate = true;
    }
    const phrase = reason ?? STATUS_CODES[status] ?? '';
    if (endsLine(phrase)) throw new Error('the reason phrase holds what would end its line');
    this.statusCode = status;
    this.#hasBody = this.req.method !== 'HEAD' && status !== 204 && status !== 304;
    this.#isChunked = this.#hasBody && !hasLength;
    this.#head = `HTTP/1.1 ${status} ${phrase}\r\n${head}${hasDate ? '' : dateLine()}${
      this.shouldKeepAlive ? this.#connection.keepAliveLines : 'Connection: close\r\n'
    }${this.#isChunked ? 'Transfer-Encoding: chunked\r\n\r\n' : '\r\n'}`;
    this.headersSent = true;
    return this;
  }

  write(chunk: Buffer | string): boolean {
    if (this.destroyed || this.#isEnded) return true;
    this.#begin();
    return this.#send(typeof chunk === 'string' ? Buffer.from(chunk) : chunk);
  }

  /** Writes bytes that are only lent. True: they are their lender's again; false: they are at the next 'drain'. */
  lend(pieces: readonly Buffer[]): boolean {
    if (this.destroyed || this.#isEnded) return true;
    this.#begin();
    this.#sendPieces(pieces);
    const { socket } = this;
    if (socket.writableLength === 0) return true;
    // Node tells of what waits only where it is much.
    if (!socket.writableNeedDrain) socket.write(EMPTY, () => void this.emit('drain'));
    return false;
  }

  end(chunk?: Buffer | string): this {
    if (this.destroyed || this.#isEnded) return this;
    this.#begin();
    const last = chunk === undefined ? EMPTY : typeof chunk === 'string' ? Buffer.from(chunk) : chunk;
    if (last.length > 0 || this.#head !== '') this.#send(last);
    if (this.#isChunked) this.socket.write('0\r\n\r\n', 'latin1');
    this.#isEnded = true;
    const { socket } = this;
    if (socket.writableLength === 0) process.nextTick(finish, this);
    else
      socket.write(EMPTY, (error) => {
        if (!error) this.finish(); // else the connection tells of its end
      });
    return this;
  }

  destroy(): this {
    this.socket.destroy();
    return this;
  }

  get writableEnded(): boolean {
    return this.#isEnded;
  }

  /** All of it was handed to the system. For its connection. */
  finish(): void {
    if (this.closed) return;
    this.writableFinished = true;
    this.emit('finish');
    this.close();
  }

  /** Nothing more happens to it. For its connection. */
  close(): void {
    if (this.closed) return;
    this.closed = true;
    this.destroyed = true;
    this.emit('close');
    this.#connection.over(this);
  }

  #begin(): void {
    if (!this.headersSent) this.writeHead(this.statusCode, undefined, []);
  }

  #sendPieces(pieces: readonly Buffer[]): void {
    if (pieces.length <= 1 || !this.#hasBody) {
      this.#send(pieces[0] ?? EMPTY);
      return;
    }
    const length = pieces.reduce((sum, piece) => sum + piece.length, 0);
    const head = this.#head;
    this.#head = '';
    if (this.#isChunked) writePieces(this.socket, `${head}${length.toString(16)}\r\n`, pieces, '\r\n');
    else writePieces(this.socket, head, pieces);
  }

  #send(chunk: Buffer): boolean {
    const { socket } = this;
    const head = this.#head;
    this.#head = '';
    if (!this.#hasBody || chunk.length === 0) return head === '' || socket.write(head, 'latin1');
    if (this.#isChunked) return writeTogether(socket, `${head}${chunk.length.toString(16)}\r\n`, chunk, '\r\n');
    return head === '' ? socket.write(chunk) : writeTogether(socket, head, chunk);
  }
}

const finish = (answer: WireAnswer) => answer.finish();

let knownDate = '';
let knownUntil = 0;

/** RFC 9110, 6.6.1: who forwards an answer without a date gives it one. */
export function dateLine(): string {
  const now = Date.now();
  if (now >= knownUntil) {
    knownUntil = now - (now % 1_000) + 1_000;
    knownDate = `Date: ${new Date(now).toUTCString()}\r\n`;
  }
  return knownDate;
}
