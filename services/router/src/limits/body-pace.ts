import type { IncomingMessage } from 'node:http';

/** Bodies longer than this are paced. */
export const UNPACED_BYTES = 65_536;

const EVERY_MS = 10;
/** Each gives one piece, of 64 KB at most: all together some 100 MB a second. */
const AT_ONCE = 16;

const paused = new Set<IncomingMessage>();
let isTicking = false;

/**
 * Stops reading this request until it is its turn again among all of the process whose bodies are long. Reading takes the event
 * loop's time, up to two megabytes of each connection in a row: a few clients that send all they can would leave none to others.
 */
export function waitForTurn(request: IncomingMessage): void {
  request.pause();
  paused.add(request);
  if (isTicking) return;
  isTicking = true;
  setTimeout(letSomeGoOn, EVERY_MS);
}

function letSomeGoOn(): void {
  let count = 0;
  for (const request of paused) {
    if (count === AT_ONCE) break;
    paused.delete(request);
    request.resume();
    count += 1;
  }
  isTicking = paused.size > 0;
  if (isTicking) setTimeout(letSomeGoOn, EVERY_MS);
}
