import { MOST_PER_PAGE } from '@trino-gateway/api/limits';

/** One page of a list. */
export type Page<Item> = { items: Item[]; nextPageToken: string };

/** Reads a list page by page, up to a limit; `more` says whether there were others. */
export async function readPages<Item>(
  readPage: (page: { pageSize: number; pageToken: string }) => Promise<Page<Item>>,
  limit = Number.POSITIVE_INFINITY,
): Promise<{ found: Item[]; more: boolean }> {
  const found: Item[] = [];
  let pageToken = '';
  do {
    const page = await readPage({ pageSize: Math.min(MOST_PER_PAGE, limit - found.length), pageToken });
    found.push(...page.items);
    pageToken = page.nextPageToken;
  } while (pageToken !== '' && found.length < limit);
  return { found, more: pageToken !== '' };
}
