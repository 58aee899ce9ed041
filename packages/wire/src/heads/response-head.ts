import { CR, LF, MAY_STAND, SPACE, VALUE } from '../grammar/characters.ts';
import { FAULT, FieldScan, MORE, splitFieldLines } from '../grammar/field-lines.ts';
import { readFramingLines } from './header-block.ts';
import { KnownAnswer } from './known-answer.ts';
import { MOST_HEAD_BYTES } from './most-head-bytes.ts';

export type ResponseBody =
  | { readonly kind: 'none' }
  | { readonly kind: 'length'; readonly bytes: number }
  | { readonly kind: 'chunked' };

export type ResponseHead = {
  status: number;
  reason: string;
  /** Name and value in turn, as `rawHeaders` of `node:http`; those of the connection are among them. */
  rawHeaders: readonly string[];
  /** The same object as long as a server repeats its head but for Date and Content-Length: what is derived from the rest may be kept by it. */
  block: object;
  /** Bytes, with the empty line: where the body begins. */
  length: number;
  body: ResponseBody;
  /** Whether the connection may carry another request behind this answer. */
  keepsAlive: boolean;
};

const NONE: ResponseBody = { kind: 'none' };
const CHUNKED: ResponseBody = { kind: 'chunked' };
const VERSION = Buffer.from('HTTP/1.1 ');
const STATUS_END = VERSION.length + 3;
const ZERO = 0x30;

/** Longer heads are read anew each time: one is kept for each connection. */
const MOST_KEPT_BYTES = 4_096;

/** What an answer says but for Date and Content-Length. */
type Kept = {
  known: KnownAnswer;
  block: object;
  status: number;
  reason: string;
  isChunked: boolean;
  keepsAlive: boolean;
};

/**
 * Reads the heads of the answers on one connection to a server, each byte once. The last one is remembered: a server repeats it but for
 * what Date and Content-Length say.
 */
export class ResponseHeads {
  #kept: Kept | undefined;
  readonly #lines = new FieldScan();
  /** From the start of the head: how far the status line was read; the beginning of the lines, once that is known. */
  #seen = 0;
  #linesStart = 0;

  /**
   * The head that begins at `start`, as `RequestHeads.read` has it; `asked` is the method of the request, whose answer has no body
   * when that was HEAD (RFC 9112, 6.3). `unusual`: interim answers, bodies that end with the connection, and all else that a
   * coordinator does not send.
   */
  read(bytes: Buffer, start: number, end: number, asked: 'HEAD' | 'other'): ResponseHead | 'incomplete' | 'unusual' {
    if (this.#seen === 0) {
      const head = this.#readKept(bytes, start, end, asked);
      if (head !== undefined) return head;
    }
    if (this.#linesStart === 0) {
      const line = this.#readLine(bytes, start, end);
      if (line !== undefined) return line;
    }
    const from = start + this.#linesStart;
    const to = this.#lines.advance(bytes, from, end);
    if (to === FAULT) return 'unusual';
    if (to === MORE) return end - start > MOST_HEAD_BYTES ? 'unusual' : 'incomplete';
    if (to - start > MOST_HEAD_BYTES) return 'unusual';
    return this.#readNew(bytes, start, from, to, asked);
  }

  #readNew(bytes: Buffer, start: number, from: number, to: number, asked: 'HEAD' | 'other'): ResponseHead | 'unusual' {
    const status = statusAt(bytes, start);
    const rawHeaders = splitFieldLines(bytes, from, to);
    const lines = rawHeaders && readFramingLines(rawHeaders, 'response');
    const body = lines && bodyOf(status, asked, lines);
    if (rawHeaders === undefined || lines === undefined || body === undefined) return 'unusual';
    const reason = bytes.toString('latin1', start + STATUS_END + 1, from - 2);
    const { isChunked, keepsAlive } = lines;
    const block = {};
    if (to - start <= MOST_KEPT_BYTES) {
      const own = Buffer.allocUnsafeSlow(to - start);
      bytes.copy(own, 0, start, to);
      this.#kept = {
        known: new KnownAnswer(own, from - start, rawHeaders),
        block,
        status,
        reason,
        isChunked,
        keepsAlive,
      };
    }
    this.#seen = 0;
    this.#linesStart = 0;
    return { status, reason, rawHeaders, block, length: to - start, body, keepsAlive };
  }

  /** The head, when it is the one that is remembered. */
  #readKept(bytes: Buffer, start: number, end: number, asked: 'HEAD' | 'other'): ResponseHead | undefined {
    const kept = this.#kept;
    const lines = kept?.known.match(bytes, start, end);
    if (kept === undefined || lines === undefined) return undefined;
    const { status, reason, block, isChunked, keepsAlive } = kept;
    const { length, rawHeaders, contentLength } = lines;
    const body = bodyOf(status, asked, { contentLength, isChunked });
    return body && { status, reason, rawHeaders, block, length, body, keepsAlive };
  }

  /** Undefined: the status line is whole. `HTTP/1.1 SP 3DIGIT SP reason CRLF` (RFC 9112, 4). */
  #readLine(bytes: Buffer, start: number, end: number): 'incomplete' | 'unusual' | undefined {
    let at = start + this.#seen;
    for (; at < end && at <= start + STATUS_END; at++) {
      if (!isStatusByte(bytes[at] as number, at - start)) return 'unusual';
    }
    while (at < end && ((MAY_STAND[bytes[at] as number] as number) & VALUE) !== 0) at += 1;
    this.#seen = at - start;
    if (at < end && bytes[at] !== CR) return 'unusual';
    if (at + 1 < end && bytes[at + 1] !== LF) return 'unusual';
    if (at + 1 >= end) return end - start > MOST_HEAD_BYTES ? 'unusual' : 'incomplete';
    this.#linesStart = at + 2 - start;
    this.#lines.restart();
    return undefined;
  }
}

/** A final status: 200 to 599 (RFC 9110, 15). */
function isStatusByte(byte: number, at: number): boolean {
  if (at < VERSION.length) return byte === VERSION[at];
  if (at === STATUS_END) return byte === SPACE;
  const digit = byte - ZERO;
  return at === VERSION.length ? digit >= 2 && digit <= 5 : digit >= 0 && digit <= 9;
}

function statusAt(bytes: Buffer, start: number): number {
  const at = start + VERSION.length;
  const digit = (n: number) => (bytes[at + n] as number) - ZERO;
  return digit(0) * 100 + digit(1) * 10 + digit(2);
}

/** Undefined: no end that is known (RFC 9112, 6.3), or a length or chunks where none may be. */
function bodyOf(
  status: number,
  asked: 'HEAD' | 'other',
  { contentLength, isChunked }: { contentLength: number | undefined; isChunked: boolean },
): ResponseBody | undefined {
  // RFC 9110, 8.6 and RFC 9112, 6.1: neither belongs there, and servers differ in whether what follows is the next answer.
  if (status === 204 || status === 304 || status === 205)
    return contentLength === undefined && !isChunked && status !== 205 ? NONE : undefined;
  // llhttp takes an answer to HEAD that says neither for the last one of its connection.
  if (asked === 'HEAD') return isChunked || contentLength !== undefined ? NONE : undefined;
  if (isChunked) return CHUNKED;
  if (contentLength === undefined) return undefined;
  return contentLength === 0 ? NONE : { kind: 'length', bytes: contentLength };
}
