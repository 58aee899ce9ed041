import { LRUCache } from 'lru-cache';

/** Polls of waiting queries that failed for no reason that their clients could do anything about. */
export type FailedPolls = {
  /** Notes one more in a row; whether the client may be told to poll again. */
  mayGoOn(queryId: string): boolean;
  /** One of its polls was answered as it should. */
  succeeded(queryId: string): void;
};

/** About as many seconds: a process that is killed is back by then, and what still fails is no passing trouble. */
const MOST_IN_A_ROW = 30;
const REMEMBERED = 10_000;

/** None has failed. */
export function createFailedPolls(): FailedPolls {
  const failures = new LRUCache<string, number>({ max: REMEMBERED });
  return {
    mayGoOn: (queryId) => {
      const inARow = (failures.get(queryId) ?? 0) + 1;
      failures.set(queryId, inARow);
      return inARow <= MOST_IN_A_ROW;
    },
    succeeded: (queryId) => {
      if (failures.size > 0) failures.delete(queryId);
    },
  };
}
