/** A link of a page: where its text lies (between the quotes, in bytes from the start of the page), and the text as sent. */
export type PageLink = {
  key: 'nextUri' | 'partialCancelUri' | 'infoUri' | 'uri' | 'ackUri';
  start: number;
  end: number;
  /** The bytes between the quotes; JSON escapes, if any, are still in it. */
  text: string;
};

/** Options of a scanner. */
export type PageScannerOptions = {
  /** Called with every link, in the order of the page, as soon as its last byte was seen. */
  onLink?: (link: PageLink) => void;
  /**
   * Nothing is looked at behind the beginning of rows that stand behind `infoUri` and `nextUri`: Trino writes its links before the rows, and
   * the rows are nearly all of a page. Such a page is never complete.
   */
  stopsAtRows?: boolean;
};

/** Longest link, id or state that is kept; a longer one is passed over. */
const maxString = 16_384;
/** Largest `error` that is kept. */
const maxError = 1_048_576;

const quote = 0x22;
const comma = 0x2c;
const colon = 0x3a;
const backslash = 0x5c;
const openArray = 0x5b;
const closeArray = 0x5d;
const openObject = 0x7b;
const closeObject = 0x7d;

/** What a string value in an interesting place is. */
type Wanted = PageLink['key'] | 'id' | 'state';

const topStrings: ReadonlySet<string> = new Set(['id', 'nextUri', 'partialCancelUri', 'infoUri']);

/**
 * Reads a QueryResults page as it passes, in chunks of any size, without decoding rows: it follows depth and strings, and
 * keeps only the links, the id, the state and the error. Anything may be unknown, missing or in another order.
 * Malformed bytes never throw; such a page is just never complete.
 */
export class PageScanner {
  /** Top-level `id`. */
  id: string | undefined;
  /** Top-level `nextUri`: absent from a complete page, the query has ended. */
  nextUri: string | undefined;
  infoUri: string | undefined;
  partialCancelUri: string | undefined;
  /** `stats.state`. */
  state: string | undefined;
  /** The bytes of the top-level `error`, an object; parse it with {@link parsePageError}. */
  error: string | undefined;
  /** Whether the page's closing brace was seen. */
  complete = false;
  /** Whether nothing more will be found: complete, or not a JSON object. */
  done = false;

  readonly #onLink: ((link: PageLink) => void) | undefined;
  readonly #stopsAtRows: boolean;
  /** Bytes of earlier chunks. */
  #base = 0;
  #depth = 0;
  /** Depth of a container that holds nothing of interest, while inside it; else 0. */
  #skipDepth = 0;
  /** Kind of the containers that are not skipped, by depth: true for objects. */
  readonly #objects = [false, false, false, false, false];
  #inString = false;
  #escaped = false;
  #expectsKey = false;
  /** The keys on the way to where we are, at depths 1, 2 and 4. */
  #topKey = '';
  #secondKey = '';
  #fourthKey = '';
  /** What is being kept, from which absolute byte, and what earlier chunks held of it. */
  #kept: { wanted: Wanted | 'key' | 'error'; start: number; parts: Buffer[]; length: number } | undefined;

  constructor(options: PageScannerOptions = {}) {
    this.#onLink = options.onLink;
    this.#stopsAtRows = options.stopsAtRows ?? false;
  }

  /** First byte of a link that has begun and not ended, or -1. */
  get openLinkStart(): number {
    const wanted = this.#kept?.wanted;
    if (wanted === undefined || wanted === 'key' || wanted === 'error' || wanted === 'id' || wanted === 'state')
      return -1;
    return this.#kept?.start ?? -1;
  }

  /** Takes the next bytes of the page. */
  push(chunk: Buffer): void {
    if (!this.done) this.#scan(chunk);
    this.#base += chunk.length;
  }

  #scan(chunk: Buffer): void {
    const length = chunk.length;
    let at = 0;
    while (at < length) {
      if (this.#inString) {
        at = this.#skipString(chunk, at);
        if (this.#inString) break;
        this.#endString(chunk, at);
        at += 1;
        continue;
      }
      const found = this.#skipDepth > 0 ? this.#skipContainer(chunk, at) : at;
      if (found === length) break;
      this.#structure(chunk, found);
      if (this.done) return;
      at = found + 1;
    }
    this.#keepRest(chunk);
  }

  /** To the closing quote, or the end of the chunk. */
  #skipString(chunk: Buffer, from: number): number {
    let at = from;
    if (this.#escaped) {
      this.#escaped = false;
      at += 1;
    }
    const length = chunk.length;
    while (at < length) {
      const byte = chunk[at];
      if (byte === quote) {
        this.#inString = false;
        return at;
      }
      if (byte === backslash) {
        at += 1;
        if (at === length) this.#escaped = true;
      }
      at += 1;
    }
    return length;
  }

  /** Where nothing is of interest, strings and brackets are all that counts: to the closing bracket, or the end of the chunk. */
  #skipContainer(chunk: Buffer, from: number): number {
    const length = chunk.length;
    let depth = this.#depth;
    let at = from;
    for (; at < length; at += 1) {
      const byte = chunk[at];
      if (byte === quote) {
        at += 1;
        while (at < length && chunk[at] !== quote) at += chunk[at] === backslash ? 2 : 1;
        if (at >= length) {
          this.#inString = true;
          this.#escaped = at > length;
          this.#depth = depth;
          return length;
        }
      } else if (byte === openArray || byte === openObject) {
        depth += 1;
      } else if (byte === closeArray || byte === closeObject) {
        if (depth === this.#skipDepth) break;
        depth -= 1;
      }
    }
    this.#depth = depth;
    return at;
  }

  #structure(chunk: Buffer, at: number): void {
    const byte = chunk[at];
    if (byte === quote) this.#beginString(at);
    else if (byte === openObject || byte === openArray) this.#open(at, byte === openObject);
    else if (byte === closeObject || byte === closeArray) this.#close(chunk, at);
    else if (byte === comma) this.#expectsKey = this.#objects[this.#depth] === true;
    else if (byte === colon) this.#expectsKey = false;
    else if (this.#depth === 0 && byte !== 0x20 && byte !== 0x0a && byte !== 0x0d && byte !== 0x09) this.done = true;
  }

  #open(at: number, isObject: boolean): void {
    if (this.#depth === 0 && !isObject) {
      this.done = true;
      return;
    }
    if (this.#stopsAtRows && !isObject && this.#isBehindLinks()) {
      this.done = true;
      return;
    }
    if (this.#depth === 1 && isObject && this.#topKey === 'error') this.#keep('error', this.#base + at);
    this.#depth += 1;
    if (!this.#isOfInterest(isObject)) {
      this.#skipDepth = this.#depth;
      return;
    }
    this.#objects[this.#depth] = isObject;
    this.#expectsKey = isObject;
    if (this.#depth === 2) this.#secondKey = '';
    if (this.#depth === 4) this.#fourthKey = '';
  }

  #isBehindLinks(): boolean {
    return this.#depth === 1 && this.#topKey === 'data' && this.infoUri !== undefined && this.nextUri !== undefined;
  }

  /** Whether a container that opened at the current depth can hold what is looked for. */
  #isOfInterest(isObject: boolean): boolean {
    if (this.#depth === 1) return true;
    if (this.#depth === 2) return isObject && (this.#topKey === 'stats' || this.#topKey === 'data');
    if (this.#topKey !== 'data') return false;
    return this.#depth === 3 ? !isObject && this.#secondKey === 'segments' : this.#depth === 4 && isObject;
  }

  #close(chunk: Buffer, at: number): void {
    this.#depth -= 1;
    this.#skipDepth = 0;
    this.#expectsKey = false;
    if (this.#depth === 1 && this.#kept?.wanted === 'error') this.error = this.#take(chunk, at + 1, maxError);
    if (this.#depth <= 0) {
      this.complete = this.#depth === 0;
      this.done = true;
    }
  }

  #beginString(at: number): void {
    this.#inString = true;
    if (this.#kept !== undefined) return;
    const wanted = this.#expectsKey ? 'key' : this.#wantedHere();
    if (wanted !== undefined) this.#keep(wanted, this.#base + at + 1);
  }

  #wantedHere(): Wanted | undefined {
    if (this.#depth === 1) return topStrings.has(this.#topKey) ? (this.#topKey as Wanted) : undefined;
    if (this.#depth === 2) return this.#topKey === 'stats' && this.#secondKey === 'state' ? 'state' : undefined;
    return this.#depth === 4 && (this.#fourthKey === 'uri' || this.#fourthKey === 'ackUri')
      ? this.#fourthKey
      : undefined;
  }

  #endString(chunk: Buffer, at: number): void {
    const wanted = this.#kept?.wanted;
    if (wanted === undefined || wanted === 'error') return;
    const start = this.#kept?.start ?? 0;
    const text = this.#take(chunk, at, maxString);
    if (wanted === 'key') this.#setKey(text === undefined ? '' : decodeJsonText(text));
    else if (text === undefined) return;
    else if (wanted === 'id') this.id = decodeJsonText(text);
    else if (wanted === 'state') this.state = decodeJsonText(text);
    else {
      if (wanted !== 'uri' && wanted !== 'ackUri') this[wanted] = decodeJsonText(text);
      this.#onLink?.({ key: wanted, start, end: this.#base + at, text });
    }
  }

  #setKey(key: string): void {
    if (this.#depth === 4) this.#fourthKey = key;
    else if (this.#depth === 2) this.#secondKey = key;
    else this.#topKey = key;
  }

  #keep(wanted: Wanted | 'key' | 'error', start: number): void {
    this.#kept = { wanted, start, parts: [], length: 0 };
  }

  /** Ends what is kept before byte `end` of this chunk; undefined when it was too long to keep. */
  #take(chunk: Buffer, end: number, limit: number): string | undefined {
    const kept = this.#kept;
    this.#kept = undefined;
    if (kept === undefined) return undefined;
    const from = Math.max(0, kept.start - this.#base);
    if (kept.length + end - from > limit) return undefined;
    if (kept.parts.length === 0) return chunk.toString('utf8', from, end);
    return Buffer.concat([...kept.parts, chunk.subarray(from, end)]).toString('utf8');
  }

  /** Remembers the part of a kept value that lies in this chunk; one that grows too long is given up. */
  #keepRest(chunk: Buffer): void {
    const kept = this.#kept;
    if (kept === undefined) return;
    const part = chunk.subarray(Math.max(0, kept.start - this.#base));
    kept.length += part.length;
    if (kept.length <= (kept.wanted === 'error' ? maxError : maxString)) {
      kept.parts.push(Buffer.from(part));
      return;
    }
    if (kept.wanted === 'key') this.#setKey('');
    this.#kept = undefined;
  }
}

/** A JSON string's text without its quotes, decoded; as it is when it holds no escape or is broken. */
export function decodeJsonText(text: string): string {
  if (!text.includes('\\')) return text;
  try {
    return String(JSON.parse(`"${text}"`));
  } catch {
    return text;
  }
}
