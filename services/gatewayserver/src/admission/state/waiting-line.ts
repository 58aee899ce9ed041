import type { Waiter } from './waiter.ts';

/** The queues of all groups, each in the order in which slots are offered. */
export type WaitingLine = {
  add(waiter: Waiter): void;
  remove(waiter: Waiter): void;
  of(groupId: string): readonly Waiter[];
  /** From 1; 0 when it is not in the line. */
  positionOf(waiter: Waiter): number;
  groupIds(): Iterable<string>;
};

/** An empty one. */
export function createWaitingLine(): WaitingLine {
  const queues = new Map<string, Waiter[]>();
  return {
    add: (waiter) => {
      const queue = queues.get(waiter.groupId) ?? [];
      queues.set(waiter.groupId, queue);
      queue.splice(placeIn(queue, waiter), 0, waiter);
    },
    remove: (waiter) => {
      const queue = queues.get(waiter.groupId);
      if (!queue) return;
      const at = placeIn(queue, waiter);
      if (queue[at]?.id === waiter.id) queue.splice(at, 1);
      if (queue.length === 0) queues.delete(waiter.groupId);
    },
    of: (groupId) => queues.get(groupId) ?? [],
    positionOf: (waiter) => {
      const queue = queues.get(waiter.groupId) ?? [];
      const at = placeIn(queue, waiter);
      return queue[at]?.id === waiter.id ? at + 1 : 0;
    },
    groupIds: () => queues.keys(),
  };
}

/** Negative when the first is before the second: higher priority first, then arrival. */
export function compareWaiters(a: Waiter, b: Waiter): number {
  return b.priority - a.priority || a.place - b.place || (a.id < b.id ? -1 : a.id > b.id ? 1 : 0);
}

/** The waiters of several queues, each in order, in the order of all. */
export function inOrder(queues: readonly (readonly Waiter[])[]): Iterable<Waiter> {
  const [only, ...others] = queues;
  return others.length === 0 ? (only ?? []) : merged(queues);
}

function* merged(queues: readonly (readonly Waiter[])[]): Iterable<Waiter> {
  const heads = queues.map((queue) => queue[Symbol.iterator]()).map((rest) => ({ rest, next: rest.next() }));
  for (;;) {
    let first: (typeof heads)[number] | undefined;
    for (const head of heads)
      if (!head.next.done && (!first || compareWaiters(head.next.value, first.next.value as Waiter) < 0)) first = head;
    if (!first) return;
    yield first.next.value as Waiter;
    first.next = first.rest.next();
  }
}

/** Where a waiter stands, or belongs, in a sorted queue. */
function placeIn(queue: readonly Waiter[], waiter: Waiter): number {
  let low = 0;
  let high = queue.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const other = queue[middle];
    if (other !== undefined && compareWaiters(other, waiter) < 0) low = middle + 1;
    else high = middle;
  }
  return low;
}
