import { gunzipSync } from 'node:zlib';
import { describe, expect, test } from '@jest/globals';
import { ask, type Page, pageOf, post, type Reply, user } from '../support/client.ts';
import { onlyWaiter, pollUntilHandedOver, startQueueBed } from '../support/queue-bed.ts';

const WAITED_MS = 12_000;
type Stats = { queuedTimeMillis: number; elapsedTimeMillis: number };
const statsOf = ({ stats }: Page) => stats as unknown as Stats;

/** All pages of a query that waited for twelve seconds, the last of the wait first; `at` says which router each is asked of. */
async function pagesOf(
  bed: Awaited<ReturnType<typeof startQueueBed>>,
  statement: string,
  { headers = user, at = (link: string) => link }: { headers?: readonly string[]; at?: (link: string) => string } = {},
): Promise<{ pages: Page[]; replies: Reply[] }> {
  const first = pageOf(await post(bed.router.url, statement, headers));
  const waiter = onlyWaiter(bed.admission);
  if (waiter) waiter.queuedMs = WAITED_MS;
  const waiting = pageOf(await ask(first.nextUri ?? '', { headers }));
  bed.free();
  const replies = [await pollUntilHandedOver(waiting.nextUri ?? '', headers)];
  const read = (reply: Reply) =>
    pageOf({
      ...reply,
      text: reply.headers['content-encoding'] === 'gzip' ? gunzipSync(reply.bytes).toString() : reply.text,
    });
  const pages = [waiting, ...replies.map(read)];
  for (let link = pages.at(-1)?.nextUri; link !== undefined; link = pages.at(-1)?.nextUri) {
    const reply = await ask(at(link), { headers });
    expect(reply.status).toBe(200);
    replies.push(reply);
    pages.push(read(reply));
  }
  return { pages, replies };
}

/** After the wait, whose last page told how long it was. */
function expectNoStepBack([, ...pages]: readonly Page[]): void {
  for (const { queuedTimeMillis, elapsedTimeMillis } of pages.map(statsOf)) {
    expect(queuedTimeMillis).toBeGreaterThanOrEqual(WAITED_MS);
    expect(elapsedTimeMillis).toBeGreaterThanOrEqual(queuedTimeMillis);
  }
}

describe('the times of a query that waited', () => {
  test('never go back at the hand-over, and hold the wait in the last page', async () => {
    await using bed = await startQueueBed();
    const { pages } = await pagesOf(bed, 'SELECT 1');
    expect(pages.at(-1)?.stats.state).toBe('FINISHED');
    expect(pages.flatMap(({ data }) => data ?? [])).toEqual([[1]]);
    expectNoStepBack(pages);
  });

  test('do so with another router for every page, and with compressed pages', async () => {
    await using bed = await startQueueBed();
    await using other = await bed.start();
    let turn = 0;
    const at = (link: string) => {
      const { pathname, search } = new URL(link);
      turn += 1;
      return (turn % 2 === 0 ? bed.router : other).url + pathname + search;
    };
    const { pages } = await pagesOf(bed, 'SELECT 1', { headers: [...user, 'Accept-Encoding', 'gzip'], at });
    expectNoStepBack(pages);
  });

  test('are left as they are in long pages, of which no byte changes, and hold the wait again afterwards', async () => {
    await using bed = await startQueueBed();
    const rows = Array.from({ length: 5_000 }, (_, n) => [n, 'x'.repeat(50)]);
    bed.trino.when('SELECT long', {
      columns: [
        { name: 'n', type: 'bigint' },
        { name: 'x', type: 'varchar' },
      ],
      rows,
    });
    const { pages } = await pagesOf(bed, 'SELECT long');
    expect(pages.flatMap(({ data }) => data ?? [])).toEqual(rows);
    const last = pages.at(-1);
    expect(last && statsOf(last).elapsedTimeMillis).toBeGreaterThanOrEqual(WAITED_MS);
  });
});

test('no byte of a query that did not wait is changed', async () => {
  await using bed = await startQueueBed({ taken: 0 });
  let page = pageOf(await post(bed.router.url, 'SELECT 1'));
  for (let link = page.nextUri; link !== undefined; link = page.nextUri) {
    expect(link).not.toContain('waited');
    page = pageOf(await ask(link));
  }
  expect(statsOf(page).elapsedTimeMillis).toBeLessThan(WAITED_MS);
});
