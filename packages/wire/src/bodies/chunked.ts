import { CR, HEX, LF } from '../grammar/characters.ts';

/** A body that is not chunked by the letter: where it ends is not known, so its connection is of no more use. */
export class BodyFault extends Error {}

/**
 * An extension or a trailer: a parser that knows them can read on from `position`, as if `before` stood there: the body is sound up to
 * there, and `before` begins its next line.
 */
export class UnusualChunks extends BodyFault {
  readonly before: string;
  readonly position: number;

  constructor(message: string, before: string, position: number) {
    super(message);
    this.before = before;
    this.position = position;
  }
}

/** A chunk of 4 GB is more than any body may have; sizes that are cut to 32 or 64 bits have hidden messages (CVE-2013-2028). */
const MOST_DIGITS = 8;
const SEMICOLON = 0x3b;
const [SIZE, SIZE_END, DATA, DATA_CR, DATA_LF, LAST_CR, LAST_LF] = [0, 1, 2, 3, 4, 5, 6] as const;

/**
 * Follows a chunked body (RFC 9112, 7.1), however it is cut. Only the plainest form passes: sizes of digits, CRLF behind each of
 * them and behind each chunk, no extensions (7.1.1) and no trailers (7.1.2), which a coordinator does not send.
 */
export class ChunkedReader {
  #state: number = SIZE;
  #digits = 0;
  /** The size that is being read, then what is left of the chunk. */
  #left = 0;

  /**
   * The bytes of the body from `start` to `end`; data among them are told as they stand there, in pieces that are never empty.
   * @returns the position behind the end of the body, after which the next bytes are those of another body; or -1: more is to come
   * @throws BodyFault; UnusualChunks where another parser may read on
   */
  push(bytes: Buffer, start: number, end: number, onData: (bytes: Buffer, from: number, to: number) => void): number {
    let at = start;
    while (at < end) {
      if (this.#state === DATA) {
        const to = Math.min(end, at + this.#left);
        this.#left -= to - at;
        if (this.#left === 0) this.#state = DATA_CR;
        onData(bytes, at, to);
        at = to;
        continue;
      }
      const byte = bytes[at] as number;
      at += 1;
      if (this.#state === SIZE) this.#readSize(byte, at - 1);
      else if (this.#state === DATA_CR) this.#next(byte, CR, DATA_LF);
      else if (this.#state === DATA_LF) this.#next(byte, LF, SIZE);
      else if (this.#state === SIZE_END) this.#next(byte, LF, this.#left === 0 ? LAST_CR : DATA);
      else if (this.#state === LAST_CR) {
        if (byte !== CR) throw new UnusualChunks('trailers stand behind the last chunk', '0\r\n', at - 1);
        this.#state = LAST_LF;
      } else {
        this.#next(byte, LF, SIZE);
        return at;
      }
    }
    return -1;
  }

  #readSize(byte: number, position: number): void {
    const digit = HEX[byte] as number;
    if (digit < 16 && this.#digits < MOST_DIGITS) {
      this.#digits += 1;
      this.#left = this.#left * 16 + digit;
    } else if (byte === CR && this.#digits > 0) {
      this.#digits = 0;
      this.#state = SIZE_END;
    } else if (byte === SEMICOLON && this.#digits > 0)
      throw new UnusualChunks('a chunk has an extension', this.#left.toString(16), position);
    else throw new BodyFault('a chunk size is not one');
  }

  #next(byte: number, expected: number, state: number): void {
    if (byte !== expected) throw new BodyFault('a line of the chunks does not end');
    this.#state = state;
  }
}
