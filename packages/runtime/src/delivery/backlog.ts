/** What waits to be sent, oldest first: one item for each key, and no more than there is room for. */
export type Backlog<Item> = {
  /** Takes an item; false when there is no room for it, and then it is counted as dropped. */
  add(item: Item): boolean;
  /** Takes an item even where there is no room. */
  put(item: Item): void;
  /** Forgets what is kept under this key, also what is under way: it is not given back then. */
  forget(key: string): void;
  /** Takes out up to so many batches; what is in them is under way until `sent`, `refused` or `giveBack`. */
  takeBatches(most: number): Item[][];
  /** Takes an item that is sent by itself: it is under way, in place of what was kept under its key. */
  takeOne(item: Item): void;
  sent(batch: readonly Item[]): void;
  /** It will never be taken: counted as dropped. */
  refused(item: Item): void;
  /** What of a batch is still under way waits again, before all that came later; what is newer under its key wins. */
  giveBack(batch: readonly Item[]): void;
  waiting(): number;
  /** Items that wait or are under way. */
  size(): number;
  dropped(): number;
};

export type BacklogOptions<Item> = {
  /** Of items with the same key only one waits: the newer, or what `merge` makes of both. */
  keyOf: (item: Item) => string;
  merge?: (older: Item, newer: Item) => Item;
  /** Counts against `mostBytes` and `batchBytes`; default 0. */
  bytesOf?: (item: Item) => number;
  /** How many items may wait or be under way. */
  most: number;
  mostBytes?: number;
  /** Whether the oldest is dropped to make room for this one; default always. */
  displaces?: (item: Item) => boolean;
  /** How many items go together at most. */
  batch: number;
  /** How many bytes do; one item may have more. */
  batchBytes?: number;
};

type Entry<Item> = { key: string; item: Item; bytes: number };

/** Nothing waits. */
export function createBacklog<Item>(options: BacklogOptions<Item>): Backlog<Item> {
  const { keyOf, merge, bytesOf = () => 0, most, mostBytes = Number.POSITIVE_INFINITY } = options;
  const lines = new Lines<Item>();
  const underWay = new Map<string, Entry<Item>>();
  let dropped = 0;

  const entryOf = (item: Item): Entry<Item> => ({ key: keyOf(item), item, bytes: bytesOf(item) });
  const size = () => lines.size() + underWay.size;
  const put = (item: Item) => {
    const older = lines.get(keyOf(item));
    if (older === undefined) lines.append(entryOf(item));
    else if (merge) lines.replace(entryOf(merge(older.item, item)));
    else {
      lines.remove(older.key);
      lines.append(entryOf(item));
    }
  };
  const isWithinBounds = () => size() <= most && lines.bytes() <= mostBytes;
  const keepBounds = () => {
    if (isWithinBounds()) return;
    for (const oldest of lines.entries()) {
      if (isWithinBounds()) return;
      lines.remove(oldest.key);
      dropped += 1;
    }
  };
  const takeEntry = (entry: Entry<Item>): Item => {
    lines.remove(entry.key);
    underWay.set(entry.key, entry);
    return entry.item;
  };
  /** Undefined when it was sent or forgotten meanwhile, or a newer one of its key is under way. */
  const landed = (item: Item): Entry<Item> | undefined => {
    const entry = underWay.get(keyOf(item));
    if (entry?.item !== item) return undefined;
    underWay.delete(entry.key);
    return entry;
  };

  return {
    add: (item) => {
      const displaces = options.displaces?.(item) ?? true;
      if (!displaces && size() >= most && lines.get(keyOf(item)) === undefined) {
        dropped += 1;
        return false;
      }
      put(item);
      if (displaces) keepBounds();
      return true;
    },
    put,
    forget: (key) => {
      lines.remove(key);
      underWay.delete(key);
    },
    takeBatches: (mostBatches) => {
      const batches: Item[][] = [];
      while (batches.length < mostBatches && lines.size() > 0)
        batches.push(lines.first(options.batch, options.batchBytes).map(takeEntry));
      return batches;
    },
    takeOne: (item) => void takeEntry(entryOf(item)),
    sent: (batch) => {
      for (const item of batch) landed(item);
    },
    refused: (item) => {
      if (landed(item) !== undefined) dropped += 1;
    },
    giveBack: (batch) => {
      const entries = batch.map(landed).filter((entry) => entry !== undefined);
      const again = entries.flatMap((entry) => {
        const newer = lines.get(entry.key);
        if (newer === undefined) return [entry];
        if (!merge) return [];
        lines.remove(newer.key);
        return [entryOf(merge(entry.item, newer.item))];
      });
      lines.prepend(again);
      keepBounds();
    },
    waiting: () => lines.size(),
    size,
    dropped: () => dropped,
  };
}

/** Two lines, so that putting back a batch does not mean to rebuild all that waits behind it. */
class Lines<Item> {
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
