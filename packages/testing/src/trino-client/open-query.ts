import { BUSY, type Page } from './page.ts';

/** One query as its client holds it: the newest page, and what to do with its link. */
export type OpenQuery = {
  /** The id the client saw first. */
  readonly id: string;
  /** The newest page. */
  readonly page: Page;
  /** Asks for the next page, here or at another address; throws on every status but 200. */
  poll(at?: string): Promise<Page>;
  /** DELETE of the newest link; answers the status. */
  cancel(): Promise<number>;
  /** Polls to the last page, which it answers. Broken connections and 502, 503 and 504 are repeated. */
  finish(at?: string): Promise<Page>;
};

const USER = 'e2e';
const LIMIT_MS = 60_000;
const PAUSE_MS = 50;

/** Submits a statement and leaves it to the test when to poll. */
export async function openQuery(
  url: string,
  statement: string,
  headers: Record<string, string> = {},
): Promise<OpenQuery> {
  const own = { 'x-trino-user': USER, ...headers };
  const request = async (link: string, init: RequestInit) =>
    fetch(link, { headers: own, ...init, signal: AbortSignal.timeout(LIMIT_MS) });
  const read = async (answer: Response) => {
    const text = await answer.text();
    if (answer.status !== 200)
      throw Object.assign(new Error(`HTTP ${answer.status}: ${text.slice(0, 300)}`), { status: answer.status });
    return JSON.parse(text) as Page;
  };
  let page = await read(await request(`${url}/v1/statement`, { method: 'POST', body: statement }));
  const { id } = page;
  const link = (at?: string) => {
    if (page.nextUri === undefined) throw new Error(`query ${id} has ended`);
    const { pathname, search } = new URL(page.nextUri);
    return at === undefined ? page.nextUri : `${at}${pathname}${search}`;
  };
  const poll = async (at?: string) => {
    page = await read(await request(link(at), {}));
    return page;
  };
  const finish = async (at?: string) => {
    for (let deadline = Date.now() + LIMIT_MS; page.nextUri !== undefined; ) {
      try {
        await poll(at);
        deadline = Date.now() + LIMIT_MS;
      } catch (error) {
        const { status } = error as { status?: number };
        if (Date.now() > deadline || (status !== undefined && !BUSY.has(status))) throw error;
        await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
      }
    }
    return page;
  };
  return {
    id,
    get page() {
      return page;
    },
    poll,
    cancel: async () => (await request(link(), { method: 'DELETE' })).status,
    finish: (at) => {
      const ended = finish(at);
      ended.catch(() => {}); // a test that failed meanwhile asks for it no more
      return ended;
    },
  };
}
