/** Why there is no room: all is taken, or this owner has its share. */
export type NoRoom = 'all' | 'share';

/** What may be taken, in all and by each owner. For the owner '' only the limit of all counts. */
export type Room = {
  /** Takes so many; a promise where the other processes of this router have to be asked first. */
  take(owner: string, count: number): true | NoRoom | Promise<true | NoRoom>;
  /** Whether so many could be taken now. */
  fits(owner: string, count: number): boolean | Promise<boolean>;
  /** Takes them even where there is no room, for what cannot be refused: they count, and keep others out. */
  takeAnyway(owner: string, count: number): void;
  give(owner: string, count: number): void;
  taken(): number;
  /** From now on there is so much; what is taken stays so. */
  resize(most: number, mostEach: number): void;
};

/** The room of one process alone: nobody has to be asked. */
export type OwnRoom = Omit<Room, 'take'> & { take(owner: string, count: number): true | NoRoom };

/** `most` in all, `mostEach` for one owner. */
export function createRoom(most: number, mostEach: number): OwnRoom {
  let bounds = { most, mostEach };
  const owners = new Map<string, number>();
  let taken = 0;
  const ofOwner = (owner: string) => (owner === '' ? 0 : (owners.get(owner) ?? 0));
  const missing = (owner: string, count: number): NoRoom | undefined => {
    if (taken + count > bounds.most) return 'all';
    return ofOwner(owner) + count > bounds.mostEach ? 'share' : undefined;
  };
  const takeAnyway = (owner: string, count: number) => {
    taken += count;
    if (owner !== '') owners.set(owner, ofOwner(owner) + count);
  };
  return {
    take: (owner, count) => {
      const none = missing(owner, count);
      if (none !== undefined) return none;
      takeAnyway(owner, count);
      return true;
    },
    fits: (owner, count) => missing(owner, count) === undefined,
    takeAnyway,
    give: (owner, count) => {
      taken -= count;
      if (owner === '') return;
      const left = ofOwner(owner) - count;
      if (left > 0) owners.set(owner, left);
      else owners.delete(owner);
    },
    taken: () => taken,
    resize: (all, each) => {
      bounds = { most: all, mostEach: each };
    },
  };
}
