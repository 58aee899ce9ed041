import { MAY_STAND, SPACE, TAB, VALUE } from '../grammar/characters.ts';

/** Where a value stands in the head, and which one it is in its `rawHeaders`. */
type Hole = { from: number; to: number; part: number };
export type KnownLines = { length: number; rawHeaders: readonly string[]; contentLength: number | undefined };

const ZERO = 0x30;
const MOST_DIGITS = 15;

/**
 * The head of an answer that a server repeats but for what Date and Content-Length say, as most are: one with the same bytes around
 * these values, as long a value of Date, and digits for a length, is read without looking at its lines.
 */
export class KnownAnswer {
  readonly #bytes: Buffer;
  readonly #rawHeaders: string[];
  readonly #date: Hole | undefined;
  readonly #length: Hole | undefined;

  /** @param bytes of the whole head: kept, and changed */
  constructor(bytes: Buffer, linesStart: number, rawHeaders: readonly string[]) {
    this.#bytes = bytes;
    this.#rawHeaders = [...rawHeaders];
    const text = bytes.toString('latin1');
    this.#date = holeOf('date', text, linesStart, rawHeaders);
    this.#length = holeOf('content-length', text, linesStart, rawHeaders);
  }

  /** What the lines of the head at `start` say; undefined when it is another one, or not whole. */
  match(bytes: Buffer, start: number, end: number): KnownLines | undefined {
    const date = this.#date;
    const length = this.#length;
    const isDateFirst = date !== undefined && (length === undefined || date.from < length.from);
    const first = isDateFirst ? date : length;
    const second = isDateFirst ? length : date;
    let known = 0;
    let at = start;
    let dateAt = -1;
    let lengthAt = -1;
    for (let n = 0; n < 2; n++) {
      const hole = n === 0 ? first : second;
      if (hole === undefined) continue;
      at = this.#behindSame(bytes, at, end, known, hole.from);
      if (at === -1) return undefined;
      if (hole === date) {
        dateAt = at;
        at = behindValue(bytes, at, end, hole.to - hole.from);
      } else {
        lengthAt = at;
        at = behindDigits(bytes, at, end);
      }
      if (at === -1) return undefined;
      known = hole.to;
    }
    at = this.#behindSame(bytes, at, end, known, this.#bytes.length);
    if (at === -1) return undefined;
    if (date !== undefined) this.#learnDate(bytes, dateAt, date);
    const contentLength = length === undefined ? undefined : digitsAt(bytes, lengthAt);
    const rawHeaders = this.#rawHeaders.slice();
    if (length !== undefined) rawHeaders[length.part] = String(contentLength);
    return { length: at - start, rawHeaders, contentLength };
  }

  /** The position behind the bytes that are the same as these known ones; -1: they are not. */
  #behindSame(bytes: Buffer, start: number, end: number, from: number, to: number): number {
    const known = this.#bytes;
    if (end - start < to - from) return -1;
    const offset = start - from;
    for (let at = from; at < to; at++) if (known[at] !== bytes[at + offset]) return -1;
    return to + offset;
  }

  /** It changes once a second. */
  #learnDate(bytes: Buffer, start: number, { from, to, part }: Hole): void {
    if (this.#behindSame(bytes, start, bytes.length, from, to) !== -1) return;
    bytes.copy(this.#bytes, from, start, start + to - from);
    this.#rawHeaders[part] = this.#bytes.toString('latin1', from, to);
  }
}

/** Where the first value of that name stands. What surrounds it, whitespace too, is compared. */
function holeOf(name: string, text: string, linesStart: number, rawHeaders: readonly string[]): Hole | undefined {
  let line = linesStart;
  for (let part = 0; part < rawHeaders.length; part += 2) {
    const value = rawHeaders[part + 1] as string;
    if ((rawHeaders[part] as string).toLowerCase() === name) {
      const from = text.indexOf(value, text.indexOf(':', line) + 1);
      return value === '' ? undefined : { from, to: from + value.length, part: part + 1 };
    }
    line = text.indexOf('\r\n', line) + 2;
  }
  return undefined;
}

const isSpace = (byte: number | undefined) => byte === SPACE || byte === TAB;

/** The position behind a value of that length, which is one without whitespace around it; -1: there is none. */
function behindValue(bytes: Buffer, start: number, end: number, length: number): number {
  const to = start + length;
  if (to > end || isSpace(bytes[start]) || isSpace(bytes[to - 1])) return -1;
  for (let at = start; at < to; at++) if (((MAY_STAND[bytes[at] as number] as number) & VALUE) === 0) return -1;
  return to;
}

/** The position behind a number as we would write it; -1: there is none. */
function behindDigits(bytes: Buffer, start: number, end: number): number {
  let at = start;
  while (at < end && isDigit(bytes[at] as number)) at += 1;
  const digits = at - start;
  return digits === 0 || digits > MOST_DIGITS || (digits > 1 && bytes[start] === ZERO) ? -1 : at;
}

const isDigit = (byte: number) => byte >= ZERO && byte < ZERO + 10;

function digitsAt(bytes: Buffer, start: number): number {
  let number = 0;
  for (let at = start; isDigit(bytes[at] as number); at++) number = number * 10 + (bytes[at] as number) - ZERO;
  return number;
}
