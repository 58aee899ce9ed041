import { setTimeout as sleep } from 'node:timers/promises';
import { failureOf, withoutStatement } from './failures.ts';

const MOST_RECONNECTS = 2;
const LONGEST_PAUSE_MS = 50;

/**
 * Runs a transaction again after contention or a lost connection, for at most `timeLimitMs` from its first failure on: the
 * wait for the transaction lock before that does not count. @throws its last error, without the statement
 */
export async function retryTransaction<T>(transaction: () => Promise<T>, timeLimitMs: number): Promise<T> {
  let deadline = Number.POSITIVE_INFINITY;
  for (let attempt = 1; ; attempt++) {
    try {
      return await transaction();
    } catch (error) {
      const failure = failureOf(error);
      const again = failure === 'contention' || (failure === 'lost' && attempt <= MOST_RECONNECTS);
      if (!again || Date.now() >= deadline) throw withoutStatement(error);
      deadline = Math.min(deadline, Date.now() + timeLimitMs);
    }
    await sleep(Math.random() * Math.min(LONGEST_PAUSE_MS, 2 ** attempt));
  }
}
