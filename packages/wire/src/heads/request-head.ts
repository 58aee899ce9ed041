import { MAY_STAND, SLASH, TARGET } from '../grammar/characters.ts';
import { FAULT, FieldScan, MORE, splitFieldLines } from '../grammar/field-lines.ts';
import { type HeaderBlock, readHeaderBlock } from './header-block.ts';
import { MOST_HEAD_BYTES } from './most-head-bytes.ts';

export type RequestHead = {
  method: string;
  /** Path and query, as they were sent. */
  target: string;
  /** The same object as long as a client sends the same lines: what is derived from it may be kept by it. */
  block: HeaderBlock;
  /** Bytes, with the empty line: where the body begins. */
  length: number;
};

type Method = { name: string; bytes: Buffer; mayHaveBody: boolean };

/** Of the Trino protocol. A body of GET, HEAD or DELETE has no meaning, and servers differ in whether it is the next request. */
const METHODS: readonly Method[] = [
  ['GET', false],
  ['POST', true],
  ['DELETE', false],
  ['HEAD', false],
  ['PUT', true],
].map(([name, mayHaveBody]) => ({ name, mayHaveBody, bytes: Buffer.from(`${name} /`) }) as Method);
const VERSION = Buffer.from(' HTTP/1.1\r\n');
/** Longer blocks are read anew each time: two are kept for each connection. */
const MOST_KEPT_BYTES = 8_192;

type Kept = { bytes: Buffer; block: HeaderBlock };

/**
 * Reads the heads of the requests of one connection, each byte once. The last header block is remembered, of statements and of polls: a
 * client repeats it, and then nothing of it is read again.
 */
export class RequestHeads {
  readonly #lines = new FieldScan();
  #method: Method | undefined;
  /** From the start of the head: how far it was read; the end of its target, once that is known. */
  #seen = 0;
  #targetEnd = 0;
  /** Of requests that have a body, which say its length, and of the others. */
  #keptWithBody: Kept | undefined;
  #keptWithout: Kept | undefined;

  /**
   * The head that begins at `start`; `end` is the end of the bytes that are there. `incomplete`: all of it is usual so far; the next
   * call must be for the same head with more bytes, wherever they stand by then. `unusual`: not judged here. The connection with
   * all its bytes is for a parser that knows more forms than this one; this reader is then done.
   */
  read(bytes: Buffer, start: number, end: number): RequestHead | 'incomplete' | 'unusual' {
    const method = this.#method ?? methodAt(bytes, start, end);
    if (typeof method === 'string') return method;
    this.#method = method;
    if (this.#targetEnd === 0) {
      const line = this.#readLine(method, bytes, start, end);
      if (line !== undefined) return line;
    }
    return this.#readBlock(method, bytes, start, end);
  }

  /** Undefined: the request line is whole. */
  #readLine(method: Method, bytes: Buffer, start: number, end: number): 'incomplete' | 'unusual' | undefined {
    let at = start + Math.max(this.#seen, method.bytes.length);
    while (at < end && ((MAY_STAND[bytes[at] as number] as number) & TARGET) !== 0) at += 1;
    this.#seen = at - start;
    // A target that begins with two slashes is the authority of a URL for whoever resolves it.
    if (at > start + method.bytes.length && bytes[start + method.bytes.length] === SLASH) return 'unusual';
    const there = Math.min(VERSION.length, end - at);
    for (let n = 0; n < there; n++) if (bytes[at + n] !== VERSION[n]) return 'unusual';
    if (there < VERSION.length) return end - start > MOST_HEAD_BYTES ? 'unusual' : 'incomplete';
    this.#targetEnd = at - start;
    this.#lines.restart();
    return undefined;
  }

  #readBlock(method: Method, bytes: Buffer, start: number, end: number): RequestHead | 'incomplete' | 'unusual' {
    const from = start + this.#targetEnd + VERSION.length;
    const kept = method.mayHaveBody ? this.#keptWithBody : this.#keptWithout;
    let isKept = !this.#lines.hasBegun && startsWith(bytes, from, end, kept);
    const to = isKept && kept !== undefined ? from + kept.bytes.length : this.#lines.advance(bytes, from, end);
    if (to === FAULT) return 'unusual';
    if (to === MORE) return end - start > MOST_HEAD_BYTES ? 'unusual' : 'incomplete';
    if (to - start > MOST_HEAD_BYTES) return 'unusual';
    isKept ||= startsWith(bytes, from, to, kept);
    const block = isKept ? kept?.block : this.#readNew(method, bytes, from, to);
    if (block === undefined || (!method.mayHaveBody && (block.contentLength ?? 0) > 0)) return 'unusual';
    const target = bytes.toString('latin1', start + method.bytes.length - 1, start + this.#targetEnd);
    this.#method = undefined;
    this.#seen = 0;
    this.#targetEnd = 0;
    return { method: method.name, target, block, length: to - start };
  }

  #readNew({ mayHaveBody }: Method, bytes: Buffer, from: number, to: number): HeaderBlock | undefined {
    const rawHeaders = splitFieldLines(bytes, from, to);
    const block = rawHeaders && readHeaderBlock(rawHeaders);
    if (block === undefined || to - from > MOST_KEPT_BYTES) return block;
    // Not of the pool, all of which would stay with it.
    const own = Buffer.allocUnsafeSlow(to - from);
    bytes.copy(own, 0, from, to);
    if (mayHaveBody) this.#keptWithBody = { bytes: own, block };
    else this.#keptWithout = { bytes: own, block };
    return block;
  }
}

/** Whether the block that is kept stands there: it ends with the only empty line in it, so what follows does not matter. */
function startsWith(bytes: Buffer, from: number, end: number, kept: Kept | undefined): boolean {
  if (kept === undefined || end - from < kept.bytes.length) return false;
  return bytes.compare(kept.bytes, 0, kept.bytes.length, from, from + kept.bytes.length) === 0;
}

function methodAt(bytes: Buffer, start: number, end: number): Method | 'incomplete' | 'unusual' {
  let couldBe = false;
  for (const method of METHODS) {
    const { length } = method.bytes;
    const there = Math.min(length, end - start);
    let at = 0;
    while (at < there && bytes[start + at] === method.bytes[at]) at += 1;
    if (at === length) return method;
    couldBe ||= at === there;
  }
  return couldBe ? 'incomplete' : 'unusual';
}
