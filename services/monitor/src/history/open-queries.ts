import type { Client } from '@connectrpc/connect';
import {
  type ListQueriesRequest,
  ListQueriesRequest_Order,
  type Query,
  Query_State,
  type QueryService,
} from '@trino-gateway/api/gateway';
import { describeError, type Logger } from '@trino-gateway/runtime';
import { querySuffix } from '@trino-gateway/trino';

/** Reads the open queries of backends from the history, oldest first. */
export type OpenQueries = {
  /** At most 500 per list; the next call goes on behind them. None while the gatewayserver does not answer: it never fails. */
  read(backendId: string, signal: AbortSignal, lists?: readonly OpenList[]): Promise<Query[]>;
  /** The backend is no longer of interest. */
  forget(backendId: string): void;
};

/** Queries in one state, submitted in a range of time. */
export type OpenList = { state: Query_State } & Partial<Pick<ListQueriesRequest, 'submittedBefore' | 'submittedAfter'>>;

const OPEN: readonly OpenList[] = [{ state: Query_State.QUEUED }, { state: Query_State.RUNNING }];
// An entry may hold a megabyte of text.
const PAGE_SIZE = 50;
const MOST_PAGES = 10;

/** Every backend begins with its oldest query. */
export function createOpenQueries(
  queries: Pick<Client<typeof QueryService>, 'listQueries'>,
  logger: Logger,
): OpenQueries {
  const nextPages = new Map<string, string>();
  const keyOf = (backendId: string, state: Query_State) => `${backendId} ${state}`;

  const readList = async (backendId: string, list: OpenList, signal: AbortSignal): Promise<Query[]> => {
    const key = keyOf(backendId, list.state);
    const found: Query[] = [];
    let pageToken = nextPages.get(key) ?? '';
    for (let page = 0; page < MOST_PAGES; page++) {
      const answer = await queries.listQueries(
        { backendId, ...list, order: ListQueriesRequest_Order.OLDEST_FIRST, pageSize: PAGE_SIZE, pageToken },
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
    for (const key of nextPages.keys()) if (key.startsWith(`${backendId} `)) nextPages.delete(key);
  };
  return {
    read: async (backendId, signal, lists = OPEN) => {
      try {
        const found: Query[] = [];
        for (const list of lists) found.push(...(await readList(backendId, list, signal)));
        return found;
      } catch (error) {
        forget(backendId); // it may have been the page token that the gatewayserver does not know
        // Whether the gatewayserver answers is logged by the loops that always call it.
        logger.debug('the open queries of a backend cannot be read', {
          backend: backendId,
          error: describeError(error),
        });
        return [];
      }
    },
    forget,
  };
}
