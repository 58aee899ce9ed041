import { setTimeout as delay } from 'node:timers/promises';

/**
 * Asks, with a pause in between, until the answer is neither false nor undefined, or fails naming what it waited for and the
 * last answer or error.
 */
export async function until<T>(
  what: string,
  ask: () => Promise<T | false | undefined> | T | false | undefined,
  timeLimitMs = 60_000,
  pauseMs = 20,
): Promise<T> {
  const deadline = Date.now() + timeLimitMs;
  let last: unknown;
  do {
    try {
      const answer = await ask();
      if (answer !== false && answer !== undefined) return answer;
      last = answer;
    } catch (error) {
      last = error;
    }
    await delay(pauseMs);
  } while (Date.now() < deadline);
  throw new Error(
    `waited ${timeLimitMs} ms for: ${what}; last: ${(last as Error | undefined)?.message ?? JSON.stringify(last)}`,
  );
}
