import { COLON, CR, LF, MAY_STAND, SPACE, TAB, TOKEN, VALUE } from './characters.ts';

/** More lines than clients send; each costs two strings. */
const MOST_LINES = 256;

/** There is more to come, or the bytes are no field lines. Any other outcome is a position. */
export const MORE = -1;
export const FAULT = -2;

const [LINE, NAME, VALUES, LINE_END, LAST_END] = [0, 1, 2, 3, 4] as const;

/**
 * Looks through the lines of a head up to its empty line (RFC 9112, 5), byte by byte and each byte once, however they come in. A line is
 * `token ":" value CRLF`: no line that begins with a space (5.2: folding), no space before the colon (5.1), no CR or LF alone (2.2).
 */
export class FieldScan {
  #state: number = LINE;
  /** Bytes that were looked at. */
  #seen = 0;
  #lines = 0;

  /** The next bytes are those of another head. */
  restart(): void {
    this.#state = LINE;
    this.#seen = 0;
    this.#lines = 0;
  }

  get hasBegun(): boolean {
    return this.#seen > 0;
  }

  /** @returns the position behind the empty line, MORE or FAULT */
  advance(bytes: Uint8Array, start: number, end: number): number {
    let state = this.#state;
    let at = start + this.#seen;
    while (at < end) {
      const byte = bytes[at] as number;
      if (state === LINE) {
        if (byte === CR) state = LAST_END;
        else if (((MAY_STAND[byte] as number) & TOKEN) === 0 || ++this.#lines > MOST_LINES) return FAULT;
        else state = NAME;
        at += 1;
      } else if (state === NAME) {
        while (at < end && ((MAY_STAND[bytes[at] as number] as number) & TOKEN) !== 0) at += 1;
        if (at === end) break;
        if (bytes[at] !== COLON) return FAULT;
        state = VALUES;
        at += 1;
      } else if (state === VALUES) {
        while (at < end && ((MAY_STAND[bytes[at] as number] as number) & VALUE) !== 0) at += 1;
        if (at === end) break;
        if (bytes[at] !== CR) return FAULT;
        state = LINE_END;
        at += 1;
      } else {
        if (byte !== LF) return FAULT;
        at += 1;
        if (state === LAST_END) return at;
        state = LINE;
      }
    }
    this.#state = state;
    this.#seen = at - start;
    return MORE;
  }
}

/**
 * Names and values in turn of lines that were looked through; whitespace around a value is no part of it (RFC 9112, 5.1). Undefined when
 * a tab is part of that whitespace: some take off spaces only, and llhttp finds no `chunked` before a tab (TE.TE).
 */
export function splitFieldLines(bytes: Buffer, start: number, end: number): string[] | undefined {
  const parts: string[] = [];
  let at = start;
  while (at < end && bytes[at] !== CR) {
    const name = at;
    while (at < end && bytes[at] !== COLON) at += 1;
    parts.push(bytes.toString('latin1', name, at));
    at += 1;
    while (bytes[at] === SPACE) at += 1;
    const value = at;
    while (at < end && bytes[at] !== CR) at += 1;
    let last = at;
    while (last > value && bytes[last - 1] === SPACE) last -= 1;
    if (bytes[value] === TAB || (last > value && bytes[last - 1] === TAB)) return undefined;
    parts.push(bytes.toString('latin1', value, last));
    at += 2;
  }
  return parts;
}
