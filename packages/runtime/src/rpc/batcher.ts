/** Items pushed one by one, read in batches: those of one turn of the event loop come together. */
export type Batcher<Item> = {
  push(item: Item): void;
  /** Ends the batches after what was pushed so far. */
  close(): void;
  /** May be read once. */
  readonly batches: AsyncIterable<Item[]>;
};

/** Empty and open. `most` bounds a batch. */
export function createBatcher<Item>(most: number): Batcher<Item> {
  let items: Item[] = [];
  let isClosed = false;
  let wake: (() => void) | undefined;
  const wakeSoon = () => {
    if (wake === undefined) return;
    setImmediate(wake);
    wake = undefined;
  };
  async function* batches(): AsyncGenerator<Item[]> {
    for (;;) {
      if (items.length === 0) {
        if (isClosed) return;
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
        continue;
      }
      const batch = items.length > most ? items.splice(0, most) : items;
      if (batch === items) items = [];
      yield batch;
    }
  }
  return {
    push: (item) => {
      if (isClosed) return;
      items.push(item);
      wakeSoon();
    },
    close: () => {
      isClosed = true;
      wakeSoon();
    },
    batches: batches(),
  };
}
