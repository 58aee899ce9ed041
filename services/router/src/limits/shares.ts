/** Why nothing is left: all is taken, or this owner has its share. */
export type NoShare = 'all' | 'share';

/** Counts what is taken, in all and by owner. */
export type Shares = {
  /** Takes one; the function it returns gives it back, and is called once. Without an owner only the limit of all counts. */
  take(owner?: string): (() => void) | NoShare;
  taken(): number;
  /** From now on there are so many; what is taken stays so. */
  resize(most: number, mostEach: number): void;
};

/** `most` in all, `mostEach` for one owner. */
export function createShares(most: number, mostEach: number): Shares {
  let bounds = { most, mostEach };
  const owners = new Map<string, number>();
  let taken = 0;
  return {
    take: (owner) => {
      if (taken >= bounds.most) return 'all';
      const own = owner === undefined ? 0 : (owners.get(owner) ?? 0);
      if (own >= bounds.mostEach) return 'share';
      taken += 1;
      if (owner !== undefined) owners.set(owner, own + 1);
      return () => {
        taken -= 1;
        if (owner === undefined) return;
        const left = (owners.get(owner) ?? 1) - 1;
        if (left === 0) owners.delete(owner);
        else owners.set(owner, left);
      };
    },
    taken: () => taken,
    resize: (all, each) => {
      bounds = { most: all, mostEach: each };
    },
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
