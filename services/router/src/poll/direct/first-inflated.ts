// Most pages are compressed, and of a small one only its links are wanted: to ask zlib for them costs more than all else that is done for a
// poll, as it has memory of its own for each stream. So the first bytes are inflated here, into memory that is always the same. Whatever is
// not plain to see is left to zlib: that is the judge of what a page holds.

/** What this tells is enough for the links that a page begins with. */
const MOST_BYTES = 1_024;
const HEADER_BYTES = 10;
/** Codes up to this length are looked up; longer ones are followed bit by bit. */
const LOOKED_UP_BITS = 9;
const LONGEST_CODE = 15;
const END_OF_BLOCK = 256;

const LENGTH_BASE = [
  3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 15, 17, 19, 23, 27, 31, 35, 43, 51, 59, 67, 83, 99, 115, 131, 163, 195, 227, 258,
];
const LENGTH_EXTRA = [0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0];
const DISTANCE_BASE = [
  1, 2, 3, 4, 5, 7, 9, 13, 17, 25, 33, 49, 65, 97, 129, 193, 257, 385, 513, 769, 1_025, 1_537, 2_049, 3_073, 4_097,
  6_145, 8_193, 12_289, 16_385, 24_577,
];
const DISTANCE_EXTRA = [
  0, 0, 0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7, 8, 8, 9, 9, 10, 10, 11, 11, 12, 12, 13, 13,
];
const LENGTHS_ORDER = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15];

/** Codes of one alphabet, by RFC 1951, 3.2.2. */
class Codes {
  /** By the next bits: the symbol and, in the lower four bits, the length of its code; 0: it is longer, or none. */
  readonly #lookUp = new Uint16Array(1 << LOOKED_UP_BITS);
  readonly #counts = new Uint16Array(LONGEST_CODE + 1);
  readonly #next = new Uint16Array(LONGEST_CODE + 2);
  readonly #firstAt = new Uint16Array(LONGEST_CODE + 2);
  readonly #symbols = new Uint16Array(320);

  /** Of `count` lengths from `from`; false: they are no codes. */
  read(lengths: Uint8Array, from: number, count: number): boolean {
    const [counts, next, firstAt] = [this.#counts, this.#next, this.#firstAt];
    counts.fill(0);
    this.#lookUp.fill(0);
    for (let at = 0; at < count; at += 1) (counts[lengths[from + at] as number] as number) += 1;
    counts[0] = 0;
    let code = 0;
    for (let bits = 1; bits <= LONGEST_CODE; bits += 1) {
      code = (code + (counts[bits - 1] as number)) << 1;
      if (code + (counts[bits] as number) > 1 << bits) return false;
      next[bits] = code;
      firstAt[bits + 1] = (bits === 1 ? 0 : (firstAt[bits] as number)) + (counts[bits] as number);
    }
    firstAt[1] = 0;
    for (let symbol = 0; symbol < count; symbol += 1) this.#add(symbol, lengths[from + symbol] as number);
    return true;
  }

  #add(symbol: number, bits: number): void {
    if (bits === 0) return;
    const code = this.#next[bits] as number;
    this.#next[bits] = code + 1;
    const at = this.#firstAt[bits] as number;
    this.#symbols[at] = symbol;
    this.#firstAt[bits] = at + 1;
    if (bits > LOOKED_UP_BITS) return;
    const entry = (symbol << 4) | bits;
    for (let index = reversed(code, bits); index < 1 << LOOKED_UP_BITS; index += 1 << bits) this.#lookUp[index] = entry;
  }

  /** The symbol that comes next; -1: there is none. */
  next(input: Bits): number {
    const entry = this.#lookUp[input.peek(LOOKED_UP_BITS)] as number;
    if (entry !== 0) {
      input.skip(entry & 15);
      return entry >> 4;
    }
    let code = 0;
    let first = 0;
    let at = 0;
    for (let bits = 1; bits <= LONGEST_CODE; bits += 1) {
      code |= input.take(1);
      const count = this.#counts[bits] as number;
      if (code - count < first) return this.#symbols[at + code - first] as number;
      at += count;
      first = (first + count) << 1;
      code <<= 1;
    }
    return -1;
  }
}

function reversed(code: number, bits: number): number {
  let turned = 0;
  for (let at = 0; at < bits; at += 1) turned |= ((code >> at) & 1) << (bits - 1 - at);
  return turned;
}

/** The bits of some bytes, lowest first; zeros behind their end. */
class Bits {
  #bytes: Buffer = Buffer.alloc(0);
  #at = 0;
  #held = 0;
  #count = 0;

  open(bytes: Buffer, at: number): void {
    this.#bytes = bytes;
    this.#at = at;
    this.#held = 0;
    this.#count = 0;
  }

  close(): void {
    this.open(Buffer.alloc(0), 0);
  }

  /** More was taken than there is. */
  get isOver(): boolean {
    return this.#at - (this.#count >> 3) > this.#bytes.length;
  }

  /** At most 16. */
  peek(bits: number): number {
    while (this.#count < bits) {
      this.#held |= (this.#bytes[this.#at] ?? 0) << this.#count;
      this.#at += 1;
      this.#count += 8;
    }
    return this.#held & ((1 << bits) - 1);
  }

  skip(bits: number): void {
    this.#held >>>= bits;
    this.#count -= bits;
  }

  take(bits: number): number {
    const value = this.peek(bits);
    this.skip(bits);
    return value;
  }
}

const output = Buffer.allocUnsafeSlow(MOST_BYTES);
const lengths = new Uint8Array(320);
const [input, ofLengths, ofLiterals, ofDistances] = [new Bits(), new Codes(), new Codes(), new Codes()];

/**
 * The first bytes of what a gzip stream (RFC 1952) holds, a kilobyte at most; fewer where that is not plain to see. They are good until the
 * next call.
 */
export function firstInflated(gzip: Buffer): Buffer {
  const isPlain = gzip.length > HEADER_BYTES && gzip.readUInt32BE(0) === 0x1f8b0800; // deflate, without names or extra fields
  if (!isPlain) return output.subarray(0, 0);
  input.open(gzip, HEADER_BYTES);
  let length = 0;
  for (let isLast = false; !isLast && length >= 0 && length < MOST_BYTES; ) {
    isLast = input.take(1) === 1;
    // What is stored as it is, and codes that are always the same, hardly occur in text of this length.
    if (input.take(2) !== 2 || !readCodes()) break;
    const before = length;
    length = inflateBlock(length);
    if (length === before) break;
  }
  input.close();
  return output.subarray(0, length);
}

/** The codes of a block, RFC 1951, 3.2.7. */
function readCodes(): boolean {
  const [literals, distances, count] = [input.take(5) + 257, input.take(5) + 1, input.take(4) + 4];
  lengths.fill(0, 0, 19);
  for (let at = 0; at < count; at += 1) lengths[LENGTHS_ORDER[at] as number] = input.take(3);
  if (!ofLengths.read(lengths, 0, 19)) return false;
  for (let at = 0; at < literals + distances; ) {
    const symbol = ofLengths.next(input);
    if (symbol < 0 || input.isOver) return false;
    if (symbol < 16) {
      lengths[at++] = symbol;
      continue;
    }
    if (symbol === 16 && at === 0) return false;
    const value = symbol === 16 ? (lengths[at - 1] as number) : 0;
    const times = symbol === 16 ? 3 + input.take(2) : symbol === 17 ? 3 + input.take(3) : 11 + input.take(7);
    if (at + times > literals + distances) return false;
    lengths.fill(value, at, at + times);
    at += times;
  }
  return ofLiterals.read(lengths, 0, literals) && ofDistances.read(lengths, literals, distances);
}

/** Inflates a block behind what is there. @returns how much there is then: of a block that cannot be read, what came before the fault */
function inflateBlock(from: number): number {
  let length = from;
  while (length < MOST_BYTES) {
    const symbol = ofLiterals.next(input);
    if (symbol < 0 || symbol === END_OF_BLOCK || input.isOver) return length;
    if (symbol < END_OF_BLOCK) {
      output[length++] = symbol;
      continue;
    }
    const copied = extendedValue(symbol - 257, LENGTH_BASE, LENGTH_EXTRA);
    const distance = extendedValue(ofDistances.next(input), DISTANCE_BASE, DISTANCE_EXTRA);
    if (copied === undefined || distance === undefined || distance > length || input.isOver) return length;
    const end = Math.min(length + copied, MOST_BYTES);
    for (; length < end; length += 1) output[length] = output[length - distance] as number;
  }
  return length;
}

function extendedValue(symbol: number, bases: readonly number[], extra: readonly number[]): number | undefined {
  const base = bases[symbol];
  return base === undefined ? undefined : base + input.take(extra[symbol] as number);
}
