/** Those who wait for room at a backend, oldest first. */
export type RoomWaiters<Room> = {
  /** Waits until `take` gives room; undefined when the time is over, the signal is aborted, or too many wait already. */
  wait(take: () => Room | undefined, waitMs: number, signal: AbortSignal): Promise<Room | undefined>;
  /** Room was given back: the oldest who can use it gets it. */
  released(): void;
};

/** Beyond it nobody waits: the gateway is overloaded, and each of them holds a request. */
const MOST_WAITING = 1_000;

/** Nobody waits. */
export function createRoomWaiters<Room>(most = MOST_WAITING): RoomWaiters<Room> {
  const waiting = new Set<() => boolean>();
  return {
    wait: (take, waitMs, signal) => {
      if (waiting.size >= most || signal.aborted) return Promise.resolve(undefined);
      return new Promise((resolve) => {
        const end = (room: Room | undefined) => {
          clearTimeout(timer);
          signal.removeEventListener('abort', giveUp);
          waiting.delete(attempt);
          resolve(room);
        };
        const attempt = () => {
          const room = take();
          if (room !== undefined) end(room);
          return room !== undefined;
        };
        const giveUp = () => end(undefined);
        const timer = setTimeout(giveUp, waitMs);
        signal.addEventListener('abort', giveUp, { once: true });
        waiting.add(attempt);
      });
    },
    released: () => {
      for (const attempt of waiting) if (attempt()) return;
    },
  };
}
