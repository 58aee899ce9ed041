/** The bytes of one request that count against a budget. */
export type ByteAccount = {
  /** Whether so many more could be taken now. */
  fits(bytes: number): boolean;
  /** Takes them; false when there is no room for them, and then none are. */
  take(bytes: number): boolean;
  /** Takes them even beyond the budget, for what cannot be refused: it counts, and keeps others out. */
  takeAnyway(bytes: number): void;
  /** Gives all of them back; afterwards nothing is taken or counted. */
  close(): void;
};

/** How many bytes of what clients send all requests together may hold. */
export type ByteBudget = {
  open(owner: string): ByteAccount;
  taken(): number;
  /** How often there was no room. */
  refused(): number;
  /** From now on there is room for so many. */
  resize(most: number, mostEach: number): void;
};

/** `most` bytes in all, `mostEach` of one owner. */
export function createByteBudget(most: number, mostEach: number): ByteBudget {
  let bounds = { most, mostEach };
  const owners = new Map<string, number>();
  let taken = 0;
  let refused = 0;
  return {
    open: (owner) => {
      let own = 0;
      let isClosed = false;
      const ofOwner = () => owners.get(owner) ?? 0;
      const fits = (bytes: number) => {
        if (bytes === 0) return true;
        const isRoom = taken + bytes <= bounds.most && ofOwner() + bytes <= bounds.mostEach;
        if (!isRoom) refused += 1;
        return isRoom;
      };
      const takeAnyway = (bytes: number) => {
        if (isClosed) return;
        own += bytes;
        taken += bytes;
        owners.set(owner, ofOwner() + bytes);
      };
      return {
        fits,
        take: (bytes) => {
          if (isClosed || !fits(bytes)) return false;
          takeAnyway(bytes);
          return true;
        },
        takeAnyway,
        close: () => {
          const left = ofOwner() - own;
          if (left > 0) owners.set(owner, left);
          else owners.delete(owner);
          taken -= own;
          own = 0;
          isClosed = true;
        },
      };
    },
    taken: () => taken,
    refused: () => refused,
    resize: (all, each) => {
      bounds = { most: all, mostEach: each };
    },
  };
}
