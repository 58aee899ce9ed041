import type { Client } from '@connectrpc/connect';
import { ListQueriesRequest_Order, type Query, Query_State, type QueryService } from '@trino-gateway/api/gateway';
import { querySuffix } from '@trino-gateway/trino';

/** Reads the open queries of backends from the history, oldest first. */
export type OpenQueries = {
  /** At most 500 per state; the next call goes on behind them. Throws what the gatewayserver answers. */
  read(backendId: string, signal: AbortSignal): Promise<Query[]>;
  /** The backend is no longer of interest. */
  forget(backendId: string): void;
};

const OPEN_STATES = [Query_State.QUEUED, Query_State.RUNNING];
// An entry may hold a megabyte of text.
const PAGE_SIZE = 50;
const MOST_PAGES = 10;

/** Every backend begins with its oldest query. */
export function createOpenQueries(queries: Pick<Client<typeof QueryService>, 'listQueries'>): OpenQueries {
  const nextPages = new Map<string, string>();
  const keyOf = (backendId: string, state: Query_State) => `${backendId} ${state}`;

  const readState = async (backendId: string, state: Query_State, signal: AbortSignal): Promise<Query[]> => {
    const key = keyOf(backendId, state);
    const found: Query[] = [];
    let pageToken = nextPages.get(key) ?? '';
    for (let page = 0; page < MOST_PAGES; page++) {
      const answer = await queries.listQueries(
        { backendId, state, order: ListQueriesRequest_Order.OLDEST_FIRST, pageSize: PAGE_SIZE, pageToken },
        { signal },
      );
      // Without the texts, which nobody needs here.
      found.push(...answer.queries.map((query) => ({ ...query, text: '' })));
      pageToken = answer.nextPageToken;
      if (pageToken === '') break;
    }
    if (pageToken === '') nextPages.delete(key);
    else nextPages.set(key, pageToken);
    return found.filter(({ trinoQueryId }) => querySuffix(trinoQueryId) !== undefined);
  };
  const forget = (backendId: string) => {
    for (const state of OPEN_STATES) nextPages.delete(keyOf(backendId, state));
  };
  return {
    read: async (backendId, signal) => {
      try {
        const found: Query[] = [];
        for (const state of OPEN_STATES) found.push(...(await readState(backendId, state, signal)));
        return found;
      } catch (error) {
        forget(backendId); // it may have been the page token that the gatewayserver does not know
        throw error;
      }
    },
    forget,
  };
}
