import { createRoom, type NoRoom, type OwnRoom, type Room } from './room.ts';

/** What gives back what was taken, to be called once; or why nothing is left. */
export type Taken = (() => void) | NoRoom;

/** Counts what is taken, in all and by owner. */
export type Shares = {
  /** Takes one. Without an owner only the limit of all counts. A promise where other processes have to be asked first. */
  take(owner?: string): Taken | Promise<Taken>;
  taken(): number;
  /** From now on there are so many; what is taken stays so. */
  resize(most: number, mostEach: number): void;
};

/** Shares of one process alone. */
export type OwnShares = Omit<Shares, 'take'> & { take(owner?: string): Taken };

/** `most` in all, `mostEach` for one owner. */
export function createShares(most: number, mostEach: number): OwnShares {
  const room: OwnRoom = createRoom(most, mostEach);
  return {
    take: (owner = '') => {
      const taken = room.take(owner, 1);
      return taken === true ? () => room.give(owner, 1) : taken;
    },
    taken: room.taken,
    resize: room.resize,
  };
}

/** Of a room that other processes take from as well. */
export function sharesOf(room: Room): Shares {
  const toGiveBack = (owner: string, taken: true | NoRoom): Taken =>
    taken === true ? () => room.give(owner, 1) : taken;
  return {
    take: (owner = '') => {
      const taken = room.take(owner, 1);
      return taken instanceof Promise ? taken.then((late) => toGiveBack(owner, late)) : toGiveBack(owner, taken);
    },
    taken: room.taken,
    resize: room.resize,
  };
}

/** The owner an address counts for: its /64 for IPv6, since one client can choose among all of those addresses. */
export function ownerOfAddress(ip: string): string {
  if (!ip.includes(':')) return ip;
  const [head = '', tail] = ip.toLowerCase().split('::');
  const groups = head === '' ? [] : head.split(':');
  if (tail !== undefined) {
    const after = tail === '' ? [] : tail.split(':');
    // An IPv4 address at the end stands for two groups.
    const places = after.length + (after.at(-1)?.includes('.') === true ? 1 : 0);
    while (groups.length + places < 8) groups.push('0');
    groups.push(...after);
  }
  return groups
    .slice(0, 4)
    .map((group) => group.replace(/^0+(?=.)/, ''))
    .join(':');
}
