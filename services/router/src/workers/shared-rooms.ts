import type { Send, ToPrimary, ToWorker } from './messages.ts';
import { POOLS, type PoolName } from './rooms/pools.ts';
import { createSharedRoom, type Grant, type SharedRoom } from './rooms/shared-room.ts';

/** A worker's parts of what limits give to all workers. Disposal ends the timer that gives back what is not in use. */
export type SharedRooms = Disposable & {
  rooms: Readonly<Record<PoolName, SharedRoom>>;
  granted(answer: Extract<ToWorker, { kind: 'grant' }>): void;
  collect(request: Extract<ToWorker, { kind: 'collect' }>): void;
};

const GIVE_BACK_EVERY_MS = 2_000;

/** Nothing is given yet. */
export function createSharedRooms(send: Send<ToPrimary>): SharedRooms {
  const asked = new Map<number, (grant: Grant) => void>();
  let last = 0;
  const roomOf = (pool: PoolName) =>
    createSharedRoom({
      ask: (owner, count) =>
        new Promise((resolve) => {
          const question = ++last;
          asked.set(question, resolve);
          send({ kind: 'ask', question, pool, owner, count });
        }),
      took: (owner, count) => send({ kind: 'took', pool, owner, count }),
      giveBack: (returned) => send({ kind: 'returned', pool, returned }),
    });
  const rooms = { clients: roomOf('clients'), backends: roomOf('backends'), bytes: roomOf('bytes') };
  const timer = setInterval(() => {
    for (const pool of POOLS) rooms[pool].giveBackIdle();
  }, GIVE_BACK_EVERY_MS);
  return {
    rooms,
    granted: ({ question, grant }) => {
      asked.get(question)?.(grant);
      asked.delete(question);
    },
    collect: ({ question, pool, owner }) =>
      send({ kind: 'returned', pool, returned: rooms[pool].spare(owner), question }),
    [Symbol.dispose]: () => clearInterval(timer),
  };
}
