let turn = 0;
/** Turns that are still to be counted. */
let left = 0;

/**
 * The turn of the event loop, counted on for two turns after it was asked for: what arrives in this one and the next has been sent together,
 * however long the turn takes.
 */
export function turnNow(): number {
  if (left === 0) setImmediate(count);
  left = 2;
  return turn;
}

function count(): void {
  turn += 1;
  left -= 1;
  if (left > 0) setImmediate(count);
}
