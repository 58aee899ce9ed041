import { ask, type Page, pageOf, post, type Reply, user } from './client.ts';

/** A segment of a spooled result, as clients read it. */
export type Segment = { uri: string; ackUri: string; headers: Record<string, [string]> };

/** What a client asks for that takes spooled results. */
export const spoolingUser = [...user, 'X-Trino-Query-Data-Encoding', 'json+zstd, json'];

/** A statement of which every page is asked for by another router; the links are those of the first, whatever address they name. */
export async function runSpooled(
  routers: readonly string[],
  statement: string,
  headers: readonly string[] = spoolingUser,
): Promise<{ replies: Reply[]; pages: Page[]; segments: Segment[] }> {
  const at = (turn: number) => routers[turn % routers.length] ?? '';
  const replies = [await post(at(0), statement, headers)];
  for (let next = pageOf(replies[0] as Reply).nextUri; next !== undefined; ) {
    const { pathname } = new URL(next);
    // Java clients say on polls only who they are.
    const reply = await ask(at(replies.length) + pathname, { headers: user });
    if (reply.status !== 200) throw new Error(`${reply.status}: ${reply.text}`);
    replies.push(reply);
    next = pageOf(reply).nextUri;
  }
  const pages = replies.map(pageOf);
  return { replies, pages, segments: pages.flatMap(segmentsOf) };
}

export function segmentsOf({ data }: Page): Segment[] {
  const encoded = data as unknown as { segments?: Segment[] } | undefined;
  return encoded?.segments ?? [];
}

/** The header lines that a client sends with a segment's requests, which carry no credentials. */
export const headersOf = ({ headers }: Segment): string[] =>
  Object.entries(headers).flatMap(([name, [value]]) => [name, value]);

/** A link, asked for at this router. */
export const linkAt = (router: string, link: string): string => router + new URL(link).pathname;
