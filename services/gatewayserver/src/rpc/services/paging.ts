import { MOST_PER_PAGE } from '@trino-gateway/api/limits';
import { isId } from '@trino-gateway/api/validation';
import { checkedNumber, invalid } from '../../configuration/validation.ts';

const DEFAULT_PAGE_SIZE = 100;

/** How many objects a page holds. @throws ConnectError when more are asked for than a page may hold */
export function checkedPageSize(pageSize: number): number {
  return checkedNumber('page_size', pageSize, 0, MOST_PER_PAGE) || DEFAULT_PAGE_SIZE;
}

/** One page of objects in the order of their ids; a token holds the last id of the page before. */
export function pageOf<Stored>(
  objects: ReadonlyMap<string, Stored>,
  { pageSize, pageToken }: { pageSize: number; pageToken: string },
): { page: Stored[]; nextPageToken: string } {
  const size = checkedPageSize(pageSize);
  const after = readToken(pageToken);
  const ids = [...objects.keys()].filter((id) => id > after).sort();
  const shown = ids.slice(0, size);
  return {
    page: shown.map((id) => objects.get(id)).filter((object) => object !== undefined),
    nextPageToken: ids.length > size ? Buffer.from(shown.at(-1) ?? '').toString('base64url') : '',
  };
}

function readToken(token: string): string {
  if (token === '') return '';
  const id = Buffer.from(token, 'base64url').toString('latin1');
  if (!isId(id)) throw invalid('page_token', 'expected next_page_token of the call before');
  return id;
}
