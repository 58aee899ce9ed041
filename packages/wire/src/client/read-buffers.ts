/** A head and a short body come whole into this. */
export const SHARED_BYTES = 65_536;
const LARGE_BYTES = 262_144;
/** 32 MB in all: who comes then goes on with what all share. */
const MOST_TAKEN = 128;
const MOST_KEPT = 16;

/**
 * What connections read into, so that no read allocates. All share one buffer, whose bytes are copied before the next read; a long body
 * has a large one of its own, whose bytes are lent to whoever passes them on.
 */
class ReadBuffers {
  readonly shared: Buffer = Buffer.allocUnsafeSlow(SHARED_BYTES);
  readonly #kept: Buffer[] = [];
  #taken = 0;

  /** A large one; undefined: too many are taken. */
  take(): Buffer | undefined {
    if (this.#taken >= MOST_TAKEN) return undefined;
    this.#taken += 1;
    return this.#kept.pop() ?? Buffer.allocUnsafeSlow(LARGE_BYTES);
  }

  /** Nobody reads its bytes any more. */
  give(buffer: Buffer): void {
    this.#taken -= 1;
    if (this.#kept.length < MOST_KEPT) this.#kept.push(buffer);
  }

  /** Somebody may still read its bytes, and will not say when he has done so. */
  abandon(_buffer: Buffer): void {
    this.#taken -= 1;
  }
}

/** Those of this process. */
export const readBuffers: ReadBuffers = new ReadBuffers();
