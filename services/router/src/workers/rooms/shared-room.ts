import type { NoRoom, Room } from '../../limits/room.ts';

/** What the pool answers: how much it gives, and why that is less than what was asked for. */
export type Grant = { granted: number; refused?: NoRoom };

/** How much of which owner is given back. */
export type Returned = readonly (readonly [owner: string, count: number])[];

/** How one process of several reaches the pool that all of them take from. */
export type PoolAccess = {
  ask(owner: string, count: number): Promise<Grant>;
  /** So much was taken without asking. */
  took(owner: string, count: number): void;
  giveBack(returned: Returned): void;
};

/** One process's part of a room that several share: what it was given it takes from and gives to itself, without asking. */
export type SharedRoom = Room & {
  /** Hands over what is given and not in use: of this owner, or of all. */
  spare(owner?: string): Returned;
  /** Gives back what has not been in use since the last call. To be called regularly. */
  giveBackIdle(): void;
};

/** What one owner has here; `wanted` by those who ask the pool for `requested` of it. */
type Part = { given: number; used: number; wanted: number; requested: number; isIdle: boolean };

const NONE = { reason: 'all', count: 0, until: 0 } as const;

/** A refusal holds for so long for others who ask here: nobody gets far by asking again and again. */
const REFUSED_FOR_MS = 10;

/** Nothing is given yet. */
export function createSharedRoom(pool: PoolAccess, now: () => number = () => performance.now()): SharedRoom {
  const parts = new Map<string, Part>();
  const refusals = new Map<string, { reason: NoRoom; count: number; until: number }>();
  let taken = 0;
  const partOf = (owner: string): Part => {
    let part = parts.get(owner);
    if (part === undefined) {
      part = { given: 0, used: 0, wanted: 0, requested: 0, isIdle: false };
      parts.set(owner, part);
    }
    part.isIdle = false;
    return part;
  };
  const refusalOf = (owner: string, wanted: number): NoRoom | undefined => {
    const { reason, count, until } = refusals.get(owner) ?? NONE;
    return wanted >= count && now() < until ? reason : undefined;
  };
  const use = (part: Part, count: number) => {
    part.used += count;
    taken += count;
  };
  /** Asks for what is missing to use so many; whether there is as much then. */
  const askFor = async (owner: string, part: Part, count: number, then = () => {}): Promise<true | NoRoom> => {
    const missing = part.used + part.wanted + count - part.given - part.requested;
    part.wanted += count;
    part.requested += missing;
    const { granted, refused = 'share' } = await pool.ask(owner, missing);
    part.wanted -= count;
    part.requested -= missing;
    part.given += granted;
    if (part.used + count <= part.given) {
      then();
      return true;
    }
    refusals.set(owner, { reason: refused, count, until: now() + REFUSED_FOR_MS });
    return refused;
  };
  const spareOf = ({ given, used, wanted }: Part) => (wanted > 0 ? 0 : given - used);
  const withdraw = (owner: string, part: Part): (readonly [string, number])[] => {
    const spare = spareOf(part);
    part.given -= Math.max(spare, 0);
    if (part.given === 0 && part.wanted === 0) parts.delete(owner);
    return spare > 0 ? [[owner, spare]] : [];
  };
  return {
    take: (owner, count) => {
      const part = partOf(owner);
      if (part.used + count <= part.given) {
        use(part, count);
        return true;
      }
      const refusal = refusalOf(owner, count);
      if (refusal !== undefined) return refusal;
      return askFor(owner, part, count, () => use(part, count));
    },
    fits: (owner, count) => {
      const part = partOf(owner);
      if (part.used + count <= part.given) return true;
      return askFor(owner, part, count).then((answer) => answer === true);
    },
    takeAnyway: (owner, count) => {
      const part = partOf(owner);
      use(part, count);
      const missing = part.used - part.given;
      if (missing <= 0) return;
      part.given += missing;
      pool.took(owner, missing);
    },
    give: (owner, count) => {
      taken -= count;
      const part = parts.get(owner);
      if (part !== undefined) part.used -= count;
    },
    taken: () => taken,
    resize: () => {}, // the pool has the limits
    spare: (owner) => {
      if (owner === undefined) return [...parts].flatMap(([one, part]) => withdraw(one, part));
      const part = parts.get(owner);
      return part === undefined ? [] : withdraw(owner, part);
    },
    giveBackIdle: () => {
      refusals.clear();
      const returned = [...parts].flatMap(([owner, part]) => {
        if (part.used > 0 || part.wanted > 0) return [];
        if (part.isIdle) return withdraw(owner, part);
        part.isIdle = true;
        return [];
      });
      if (returned.length > 0) pool.giveBack(returned);
    },
  };
}
