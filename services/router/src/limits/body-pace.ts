/** Bodies longer than this are paced. */
export const UNPACED_BYTES = 65_536;

/** A request whose reading can be stopped for a while. */
export type Paced = { pause(): unknown; resume(): unknown };

/** How fast the long bodies of all requests are read together. */
export type BodyPace = {
  /**
   * Stops reading this request until it is its turn again. Reading takes the event loop's time, up to two megabytes of each
   * connection in a row: a few clients that send as fast as they can would leave none to others.
   */
  waitForTurn(request: Paced): void;
};

const EVERY_MS = 10;
/** Each gives one chunk, of 64 KB at most: all together some 100 MB a second. */
const AT_ONCE = 16;

/** No request is paused. One serves all requests of a process. */
export function createBodyPace(): BodyPace {
  const paused = new Set<Paced>();
  let isTicking = false;
  const letSomeGoOn = () => {
    for (const request of [...paused.values().take(AT_ONCE)]) {
      paused.delete(request);
      request.resume();
    }
    isTicking = paused.size > 0;
    if (isTicking) setTimeout(letSomeGoOn, EVERY_MS);
  };
  return {
    waitForTurn: (request) => {
      request.pause();
      paused.add(request);
      if (isTicking) return;
      isTicking = true;
      setTimeout(letSomeGoOn, EVERY_MS);
    },
  };
}
