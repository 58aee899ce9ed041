/** Chance that is the same for the same seed (sfc32). */
export class Random {
  #a = 0;
  #b = 0;
  #c = 0;
  #counter = 1;

  /** From here on as for every other with this seed and number. */
  restart(seed: number, number: number): void {
    this.#a = seed >>> 0;
    this.#b = number >>> 0;
    this.#c = Math.floor(number / 4_294_967_296) ^ 0x9e3779b9;
    this.#counter = 1;
    for (let n = 0; n < 12; n++) this.next();
  }

  /** 32 bits. */
  next(): number {
    const sum = (this.#a + this.#b + this.#counter) | 0;
    this.#counter = (this.#counter + 1) | 0;
    this.#a = this.#b ^ (this.#b >>> 9);
    this.#b = (this.#c + (this.#c << 3)) | 0;
    this.#c = ((this.#c << 21) | (this.#c >>> 11)) + sum;
    return sum >>> 0;
  }

  /** From 0 to below that. */
  below(count: number): number {
    return this.next() % count;
  }

  /** Once in so many times. */
  onceIn(times: number): boolean {
    return this.below(times) === 0;
  }

  pick<T>(from: readonly T[]): T {
    return from[this.below(from.length)] as T;
  }
}
