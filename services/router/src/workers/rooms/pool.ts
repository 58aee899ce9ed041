import type { NoRoom } from '../../limits/room.ts';
import type { Grant, Returned } from './shared-room.ts';

/** What several processes of one router take from: limits hold for all of them together. */
export type Pool = {
  /** Gives to a process what it asks for, and some more while there is plenty; else asks the others for what they do not use. */
  ask(taker: number, owner: string, count: number): Promise<Grant>;
  /** It has taken so much without asking. */
  took(taker: number, owner: string, count: number): void;
  returned(taker: number, returned: Returned): void;
  /** It has ended: what it had is free. */
  left(taker: number): void;
  resize(most: number, mostEach: number): void;
  /** How much is given, to all. */
  given(): number;
};

export type PoolOptions = {
  most: number;
  mostEach: number;
  /** How many processes take. */
  takers: () => number;
  /** Asks all processes but one for what they do not use, of this owner or of all; resolves when they have returned it. */
  collect: (owner: string | undefined, except: number) => Promise<void>;
};

type Question = { taker: number; owner: string; count: number; resolve: (grant: Grant) => void };

/** All is free. */
export function createPool({ most, mostEach, takers, collect }: PoolOptions): Pool {
  let bounds = { most, mostEach };
  const byTaker = new Map<number, Map<string, number>>();
  const byOwner = new Map<string, number>();
  let given = 0;
  let questions: Question[] = [];
  let isAnswering = false;

  const add = (taker: number, owner: string, count: number) => {
    given += count;
    let parts = byTaker.get(taker);
    if (parts === undefined) {
      parts = new Map();
      byTaker.set(taker, parts);
    }
    change(parts, owner, count);
    change(byOwner, owner, count);
  };
  const freeOf = (owner: string) => {
    const all = bounds.most - given;
    return { all, own: owner === '' ? all : Math.min(all, bounds.mostEach - (byOwner.get(owner) ?? 0)) };
  };
  const missing = ({ owner, count }: Question): NoRoom | undefined => {
    const free = freeOf(owner);
    if (free.all < count) return 'all';
    return free.own < count ? 'share' : undefined;
  };
  /** With some more, so that the next ones need not ask: all together get no more than half of what is left so. */
  const grant = ({ taker, owner, count, resolve }: Question) => {
    const more = Math.floor(Math.max(freeOf(owner).own - count, 0) / (2 * Math.max(takers(), 1)));
    add(taker, owner, count + more);
    resolve({ granted: count + more });
  };
  const answer = async () => {
    isAnswering = true;
    while (questions.length > 0) {
      const asked = questions;
      questions = [];
      for (const question of asked) {
        const none = missing(question);
        if (none !== undefined) await collect(none === 'all' ? undefined : question.owner, question.taker);
        const refused = none === undefined ? undefined : missing(question);
        if (refused === undefined) grant(question);
        else question.resolve({ granted: 0, refused });
      }
    }
    isAnswering = false;
  };
  return {
    ask: (taker, owner, count) =>
      new Promise((resolve) => {
        questions.push({ taker, owner, count, resolve });
        if (!isAnswering) void answer();
      }),
    took: add,
    returned: (taker, returned) => {
      for (const [owner, count] of returned) add(taker, owner, -count);
    },
    left: (taker) => {
      for (const [owner, count] of byTaker.get(taker) ?? []) add(taker, owner, -count);
      byTaker.delete(taker);
    },
    resize: (all, each) => {
      bounds = { most: all, mostEach: each };
      void collect(undefined, NOBODY);
    },
    given: () => given,
  };
}

const NOBODY = -1;

function change(counts: Map<string, number>, owner: string, count: number): void {
  const next = (counts.get(owner) ?? 0) + count;
  if (next > 0) counts.set(owner, next);
  else counts.delete(owner);
}
