/** Why there is no more: all that there may be is taken, or this one has its share. */
export type NoShare = 'all' | 'share';

/** Counts what is taken, in all and by whom. */
export type Shares = {
  /** Takes one; call what it gives, once, to give it back. Without an owner only the limit of all counts. */
  take(owner?: string): (() => void) | NoShare;
  taken(): number;
};

/** `most` in all, `mostEach` of one owner. */
export function createShares(most: number, mostEach: number): Shares {
  const owners = new Map<string, number>();
  let taken = 0;
  return {
    take: (owner) => {
      if (taken >= most) return 'all';
      const own = owner === undefined ? 0 : (owners.get(owner) ?? 0);
      if (own >= mostEach) return 'share';
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
  };
}

/** Whom an address counts for: one client has a whole /64 of IPv6 to choose from. */
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
