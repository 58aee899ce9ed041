import { type Entry, UnderWay, Waiting } from './entries.ts';

/** What waits to be sent, oldest first: one item for each key, and no more than there is room for. */
export type Backlog<Item> = {
  /** Takes an item; false when there is no room for it, and then it is counted as dropped. */
  add(item: Item): boolean;
  /** Takes an item even where there is no room. */
  put(item: Item): void;
  /** Forgets what is kept under this key, also what is under way: it is not requeued then. */
  forget(key: string): void;
  /** Takes out up to so many batches; what is in them is under way until `sent`, `refused` or `requeue`. */
  takeBatches(most: number): Item[][];
  /** Takes an item that is sent by itself: it is under way, in place of what was kept under its key. */
  takeOne(item: Item): void;
  sent(batch: readonly Item[]): void;
  /** It will never be taken: counted as dropped. */
  refused(item: Item): void;
  /** What of a batch is still under way waits again, before all that came later; what is newer under its key wins. */
  requeue(batch: readonly Item[]): void;
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

/** Nothing waits. */
export function createBacklog<Item>(options: BacklogOptions<Item>): Backlog<Item> {
  const { keyOf, merge, bytesOf = () => 0, most, mostBytes = Number.POSITIVE_INFINITY } = options;
  const waiting = new Waiting<Item>();
  const underWay = new UnderWay<Item>(keyOf);
  let dropped = 0;

  const entryOf = (item: Item): Entry<Item> => ({ key: keyOf(item), item, bytes: bytesOf(item) });
  const size = () => waiting.size() + underWay.size();
  const put = (item: Item) => {
    const older = waiting.get(keyOf(item));
    if (older !== undefined && merge !== undefined) {
      waiting.replace(entryOf(merge(older.item, item)));
      return;
    }
    if (older !== undefined) waiting.remove(older.key);
    waiting.append(entryOf(item));
  };
  const isWithinBounds = () => size() <= most && waiting.bytes() <= mostBytes;
  const keepBounds = () => {
    if (isWithinBounds()) return;
    for (const oldest of waiting.entries()) {
      if (isWithinBounds()) return;
      waiting.remove(oldest.key);
      dropped += 1;
    }
  };
  const takeEntry = (entry: Entry<Item>): Item => {
    waiting.remove(entry.key);
    return underWay.add(entry);
  };
  /** What waits again in place of an entry that came back: nothing where a newer one waits and does not merge. */
  const again = (entry: Entry<Item>): Entry<Item>[] => {
    const newer = waiting.get(entry.key);
    if (newer === undefined) return [entry];
    if (!merge) return [];
    waiting.remove(newer.key);
    return [entryOf(merge(entry.item, newer.item))];
  };

  return {
    add: (item) => {
      const displaces = options.displaces?.(item) ?? true;
      if (!displaces && size() >= most && waiting.get(keyOf(item)) === undefined) {
        dropped += 1;
        return false;
      }
      put(item);
      if (displaces) keepBounds();
      return true;
    },
    put,
    forget: (key) => {
      waiting.remove(key);
      underWay.forget(key);
    },
    takeBatches: (mostBatches) => {
      const batches: Item[][] = [];
      while (batches.length < mostBatches && waiting.size() > 0)
        batches.push(waiting.first(options.batch, options.batchBytes).map(takeEntry));
      return batches;
    },
    takeOne: (item) => void takeEntry(entryOf(item)),
    sent: (batch) => batch.forEach((item) => void underWay.take(item)),
    refused: (item) => {
      if (underWay.take(item) !== undefined) dropped += 1;
    },
    requeue: (batch) => {
      const failed = batch.map((item) => underWay.take(item)).filter((entry) => entry !== undefined);
      waiting.prepend(failed.flatMap(again));
      keepBounds();
    },
    waiting: () => waiting.size(),
    size,
    dropped: () => dropped,
  };
}
