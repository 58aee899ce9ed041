import { createRoom, type Room } from './room.ts';

/** The bytes of one request that count against a budget. Where other processes have to be asked first it is a promise that says so. */
export type ByteAccount = {
  /** Whether so many more could be taken now. */
  fits(bytes: number): boolean | Promise<boolean>;
  /** Takes them; false when there is no room for them, and then none are. */
  take(bytes: number): boolean | Promise<boolean>;
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

/** `most` bytes in all, `mostEach` of one owner; or those of a room that others share. */
export function createByteBudget(most: number, mostEach: number, room: Room = createRoom(most, mostEach)): ByteBudget {
  let refused = 0;
  const counted = (isRoom: boolean): boolean => {
    if (!isRoom) refused += 1;
    return isRoom;
  };
  return {
    open: (owner) => {
      let own = 0;
      let isClosed = false;
      const took = (bytes: number, isRoom: boolean): boolean => {
        if (!counted(isRoom)) return false;
        if (isClosed) room.give(owner, bytes);
        else own += bytes;
        return !isClosed;
      };
      return {
        fits: (bytes) => {
          if (bytes === 0) return true;
          const fits = room.fits(owner, bytes);
          return typeof fits === 'boolean' ? counted(fits) : fits.then(counted);
        },
        take: (bytes) => {
          if (isClosed) return false;
          if (bytes === 0) return true;
          const taken = room.take(owner, bytes);
          return taken instanceof Promise
            ? taken.then((late) => took(bytes, late === true))
            : took(bytes, taken === true);
        },
        takeAnyway: (bytes) => {
          if (isClosed) return;
          own += bytes;
          room.takeAnyway(owner, bytes);
        },
        close: () => {
          room.give(owner, own);
          own = 0;
          isClosed = true;
        },
      };
    },
    taken: room.taken,
    refused: () => refused,
    resize: room.resize,
  };
}
