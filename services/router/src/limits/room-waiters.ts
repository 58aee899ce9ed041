/** Those who wait for room at a backend, oldest first. */
export type RoomWaiters = {
  /**
   * Waits until `take` gives what releases it; undefined when the time is over, the signal is aborted, or too many wait already. Where that
   * has to ask other processes, nobody tells of room given back there: it is asked again and again.
   */
  wait(take: () => Taken | Promise<Taken>, waitMs: number, signal: AbortSignal): Promise<Taken>;
  /** Room was given back: the oldest who can use it gets it. */
  released(): void;
};

type Taken = (() => void) | undefined;

/** Beyond it nobody waits: the gateway is overloaded, and each of them holds a request. */
const MOST_WAITING = 1_000;
const ASK_AGAIN_MS = 100;

/** Nobody waits. */
export function createRoomWaiters(most = MOST_WAITING): RoomWaiters {
  const waiting = new Set<() => boolean>();
  return {
    wait: (take, waitMs, signal) => {
      if (waiting.size >= most || signal.aborted) return Promise.resolve(undefined);
      return new Promise((resolve) => {
        const end = (room: Taken) => {
          clearTimeout(timer);
          clearTimeout(asking);
          signal.removeEventListener('abort', giveUp);
          waiting.delete(attempt);
          resolve(room);
        };
        const answered = (room: Taken): boolean => {
          if (room === undefined) return false;
          if (waiting.has(attempt)) end(room);
          else room();
          return true;
        };
        const attempt = () => {
          const room = take();
          if (!(room instanceof Promise)) return answered(room);
          void room.then((late) => {
            if (answered(late) || !waiting.has(attempt)) return;
            clearTimeout(asking);
            asking = setTimeout(attempt, ASK_AGAIN_MS);
          });
          return false;
        };
        const giveUp = () => end(undefined);
        const timer = setTimeout(giveUp, waitMs);
        let asking = setTimeout(attempt, ASK_AGAIN_MS);
        signal.addEventListener('abort', giveUp, { once: true });
        waiting.add(attempt);
      });
    },
    released: () => {
      for (const attempt of waiting) if (attempt()) return;
    },
  };
}
