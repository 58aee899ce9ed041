import { LRUCache } from 'lru-cache';

/** Polls of waiting queries that failed for no reason that their clients could do anything about. */
export type FailedPolls = {
  /** Notes one more in a row; whether the client may be told to poll again. */
  mayGoOn(queryId: string): boolean;
  /** One of its polls was answered as it should. */
  succeeded(queryId: string): void;
  /** The same, of a poll that came to another process of this router. */
  elsewhere(news: PollNews): void;
};

/** What other processes of the same router are told. */
export type PollNews = { kind: 'pollFailed' | 'pollSucceeded'; queryId: string };

/** About as many seconds: a process that is killed is back by then, and what still fails is no passing trouble. */
const MOST_IN_A_ROW = 30;
const REMEMBERED = 10_000;

/** None has failed. @param tell tells the other processes of this router */
export function createFailedPolls(tell: (news: PollNews) => void = () => {}): FailedPolls {
  const failures = new LRUCache<string, number>({ max: REMEMBERED });
  const count = (queryId: string): number => {
    const inARow = (failures.get(queryId) ?? 0) + 1;
    failures.set(queryId, inARow);
    return inARow;
  };
  return {
    mayGoOn: (queryId) => {
      tell({ kind: 'pollFailed', queryId });
      return count(queryId) <= MOST_IN_A_ROW;
    },
    succeeded: (queryId) => {
      if (failures.size > 0 && failures.delete(queryId)) tell({ kind: 'pollSucceeded', queryId });
    },
    elsewhere: ({ kind, queryId }) => {
      if (kind === 'pollFailed') count(queryId);
      else failures.delete(queryId);
    },
  };
}
