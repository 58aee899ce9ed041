import { gunzipSync } from 'node:zlib';
import { expect, test } from '@jest/globals';
import { ENDLESS, startEndless, UNKNOWN_ID, withSlug } from './queries.ts';
import { linkParts, next, pageOf, run, send, session, submit } from './wire.ts';

export function polling(url: () => string): void {
  test('tokens count up, every link has a new slug, and the last page has no link', async () => {
    const seen = await run(url(), 'SELECT 1');
    expect(seen.rows).toEqual([[1]]);
    expect(seen.last.stats.state).toBe('FINISHED');
    const parts = seen.links.map(linkParts);
    const tokens = (phase: string) => parts.filter((part) => part.phase === phase).map(({ token }) => token);
    expect(tokens('queued')).toEqual(tokens('queued').map((_, at) => at + 1));
    expect(tokens('executing')).toEqual(tokens('executing').map((_, at) => at));
    expect(new Set(parts.map(({ slug }) => slug)).size).toBe(parts.length);
    expect(new Set(seen.pages.map(({ id }) => id)).size).toBe(1);
    for (const page of seen.pages) if (page.data !== undefined) expect(page.columns).toHaveLength(1);
  });

  test('the same token gives the same query, and from the first running page on the same bytes', async () => {
    const page = await submit(url(), 'SELECT 1');
    // A queued page is made anew for each request: repeating one is allowed, and all of them are of one query.
    const together = await Promise.all([1, 2, 3].map(() => send('GET', next(page))));
    expect(together.map((answer) => [answer.status, pageOf(answer).id])).toEqual(Array(3).fill([200, page.id]));
    const seen = await run(url(), 'SELECT * FROM tpch.tiny.nation', session, ({ data }) => data !== undefined);
    const link = seen.links.at(-1) ?? '';
    const again = await Promise.all([1, 2].map(() => send('GET', link)));
    for (const { text } of again) expect(text).toBe(seen.answers.at(-1)?.text);
  });

  test('an older token is gone, a wrong slug and an unknown query are not found', async () => {
    const { links } = await run(url(), 'SELECT 1');
    const executing = links.filter((link) => link.includes('/executing/'));
    const [oldest = ''] = executing;
    const last = executing.at(-1) ?? '';
    const queryNotFound = { status: 404, text: 'Error 404 Not Found: Query not found' };
    expect(await send('GET', oldest)).toMatchObject({ status: 410, text: 'Error 410 Gone: HTTP 410 Gone' });
    expect(await send('GET', last)).toMatchObject({ status: 200 });
    expect(await send('GET', withSlug(last, 'y00'))).toMatchObject(queryNotFound);
    expect(await send('DELETE', withSlug(last, 'y00'))).toMatchObject(queryNotFound);
    expect(await send('GET', `${url()}/v1/statement/executing/${UNKNOWN_ID}/y00/0`)).toMatchObject(queryNotFound);
    expect(await send('GET', `${url()}/v1/statement/queued/${UNKNOWN_ID}/y00/1`)).toMatchObject(queryNotFound);
    expect(await send('GET', `${url()}/v1/statement/queued/BAD/y00/1`)).toMatchObject({ status: 404, text: '' });
  });

  test('a HEAD of an executing link is known only after a GET of one', async () => {
    const seen = await run(url(), ENDLESS, session, ({ nextUri }) => nextUri?.includes('/executing/') === true);
    const link = next(seen.last);
    expect((await send('HEAD', link)).status).toBe(404);
    const page = pageOf(await send('GET', link));
    expect((await send('HEAD', link)).status).toBe(200);
    expect((await send('HEAD', next(page))).status).toBe(200);
    await send('DELETE', next(page));
  });

  test('a poll of a query without news is held for about a second', async () => {
    const { last } = await startEndless(url());
    let link = next(last);
    const held: number[] = [];
    for (let polls = 0; polls < 2; polls += 1) {
      const before = Date.now();
      link = next(pageOf(await send('GET', link)));
      held.push(Date.now() - before);
    }
    await send('DELETE', link);
    expect(Math.max(...held)).toBeGreaterThan(900);
  });

  test('all rows of a large result arrive, page by page', async () => {
    const seen = await run(url(), 'SELECT * FROM tpch.tiny.orders');
    expect(seen.rows).toHaveLength(15_000);
    expect(seen.last).toMatchObject({ stats: { state: 'FINISHED' } });
  });

  test('gzip is sent to clients that accept it', async () => {
    const post = (encoding: string) =>
      send('POST', `${url()}/v1/statement`, { ...session, 'Accept-Encoding': encoding }, 'SELECT 1');
    const zipped = await post('gzip, deflate, br');
    expect(zipped.headers['content-encoding']).toBe('gzip');
    expect(JSON.parse(gunzipSync(zipped.body).toString())).toMatchObject({ stats: { state: 'QUEUED' } });
    for (const encoding of ['identity', 'gzip;q=0', 'br'])
      expect((await post(encoding)).headers['content-encoding']).toBeUndefined();
  });
}
