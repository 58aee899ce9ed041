const { imul } = Math;

/** A hash of 64 bits, fed with one number after the other. Not for secrets. */
export class ShapeHash {
  #low = 0x811c9dc5 | 0;
  #high = 0x9747b28c | 0;

  add(value: number): void {
    this.#low = imul(this.#low ^ value, 0x01000193);
    const mixed = imul(this.#high ^ value, 0x5bd1e995);
    this.#high = mixed ^ (mixed >>> 15);
  }

  addHash(other: ShapeHash): void {
    this.add(other.#low);
    this.add(other.#high);
  }

  equals(other: ShapeHash): boolean {
    return this.#low === other.#low && this.#high === other.#high;
  }

  /** 16 hexadecimal digits. */
  text(): string {
    return hex(scattered(this.#low ^ imul(this.#high, 0x85ebca6b))) + hex(scattered(this.#high));
  }
}

const hex = (value: number) => (value >>> 0).toString(16).padStart(8, '0');

function scattered(value: number): number {
  let mixed = imul(value ^ (value >>> 16), 0x85ebca6b);
  mixed = imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
  return mixed ^ (mixed >>> 16);
}
