/** An item with what is asked of it often. */
export type Entry<Item> = { key: string; item: Item; bytes: number };

/** What waits, in order: in two lines, so that putting back a batch does not rebuild all that waits behind it. */
export class Waiting<Item> {
  #returned = new Map<string, Entry<Item>>();
  readonly #fresh = new Map<string, Entry<Item>>();
  #bytes = 0;

  get(key: string): Entry<Item> | undefined {
    return this.#returned.get(key) ?? this.#fresh.get(key);
  }

  append(entry: Entry<Item>): void {
    this.#fresh.set(entry.key, entry);
    this.#bytes += entry.bytes;
  }

  prepend(entries: readonly Entry<Item>[]): void {
    this.#returned = new Map([...entries.map((entry) => [entry.key, entry] as const), ...this.#returned]);
    for (const { bytes } of entries) this.#bytes += bytes;
  }

  /** In the place of the one that has its key. */
  replace(entry: Entry<Item>): void {
    this.#bytes += entry.bytes - (this.get(entry.key)?.bytes ?? 0);
    (this.#returned.has(entry.key) ? this.#returned : this.#fresh).set(entry.key, entry);
  }

  remove(key: string): void {
    const entry = this.get(key);
    if (entry === undefined) return;
    this.#bytes -= entry.bytes;
    if (!this.#returned.delete(key)) this.#fresh.delete(key);
  }

  /** The oldest, at most so many and, but for the very first, so many bytes. */
  first(most: number, mostBytes = Number.POSITIVE_INFINITY): Entry<Item>[] {
    const found: Entry<Item>[] = [];
    let bytes = 0;
    for (const entry of this.entries()) {
      if (found.length === most || (found.length > 0 && bytes + entry.bytes > mostBytes)) break;
      found.push(entry);
      bytes += entry.bytes;
    }
    return found;
  }

  *entries(): Generator<Entry<Item>> {
    yield* this.#returned.values();
    yield* this.#fresh.values();
  }

  size(): number {
    return this.#returned.size + this.#fresh.size;
  }

  bytes(): number {
    return this.#bytes;
  }
}

/** What is being sent, by key. */
export class UnderWay<Item> {
  readonly #entries = new Map<string, Entry<Item>>();
  readonly #keyOf: (item: Item) => string;

  constructor(keyOf: (item: Item) => string) {
    this.#keyOf = keyOf;
  }

  add(entry: Entry<Item>): Item {
    this.#entries.set(entry.key, entry);
    return entry.item;
  }

  /** Undefined when it was sent or forgotten meanwhile, or a newer one of its key is under way. */
  take(item: Item): Entry<Item> | undefined {
    const entry = this.#entries.get(this.#keyOf(item));
    if (entry?.item !== item) return undefined;
    this.#entries.delete(entry.key);
    return entry;
  }

  forget(key: string): void {
    this.#entries.delete(key);
  }

  size(): number {
    return this.#entries.size;
  }
}
