/** Things pushed one by one, read as lists: those of one turn of the event loop come together. */
export type Gathering<Thing> = {
  push(thing: Thing): void;
  /** Ends the lists after what was pushed so far. */
  close(): void;
  /** May be read once. */
  readonly lists: AsyncIterable<Thing[]>;
};

/** Empty and open. `most` bounds a list. */
export function createGathering<Thing>(most: number): Gathering<Thing> {
  let things: Thing[] = [];
  let isClosed = false;
  let wake: (() => void) | undefined;
  const wakeSoon = () => {
    if (wake === undefined) return;
    setImmediate(wake);
    wake = undefined;
  };
  async function* lists(): AsyncGenerator<Thing[]> {
    for (;;) {
      if (things.length === 0) {
        if (isClosed) return;
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
        continue;
      }
      const list = things.length > most ? things.splice(0, most) : things;
      if (list === things) things = [];
      yield list;
    }
  }
  return {
    push: (thing) => {
      if (isClosed) return;
      things.push(thing);
      wakeSoon();
    },
    close: () => {
      isClosed = true;
      wakeSoon();
    },
    lists: lists(),
  };
}
