import { CR, LF, MAY_STAND, SPACE, VALUE } from '../grammar/characters.ts';
import { FAULT, FieldScan, MORE, splitFieldLines } from '../grammar/field-lines.ts';
import { readFramingLines } from './header-block.ts';
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

/** Reads the heads of the answers on one connection to a server, each byte once. */
export class ResponseHeads {
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
    if (this.#linesStart === 0) {
      const line = this.#readLine(bytes, start, end);
      if (line !== undefined) return line;
    }
    const from = start + this.#linesStart;
    const to = this.#lines.advance(bytes, from, end);
    if (to === FAULT) return 'unusual';
    if (to === MORE) return end - start > MOST_HEAD_BYTES ? 'unusual' : 'incomplete';
    if (to - start > MOST_HEAD_BYTES) return 'unusual';
    const status = statusAt(bytes, start);
    const rawHeaders = splitFieldLines(bytes, from, to);
    const lines = rawHeaders && readFramingLines(rawHeaders, 'response');
    if (rawHeaders === undefined || lines === undefined) return 'unusual';
    const body = bodyOf(status, asked, lines);
    if (body === undefined) return 'unusual';
    const reason = bytes.toString('latin1', start + STATUS_END + 1, from - 2);
    this.#seen = 0;
    this.#linesStart = 0;
    return { status, reason, rawHeaders, length: to - start, body, keepsAlive: lines.keepsAlive };
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
