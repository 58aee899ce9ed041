import { expect, test } from '@jest/globals';
import { ENDLESS, startEndless, UNKNOWN_ID } from './queries.ts';
import { next, pageOf, run, send, session } from './wire.ts';

export function killing(url: () => string): void {
  test('a cancelled query says so at its next poll, and again', async () => {
    const link = next((await startEndless(url())).last);
    expect((await send('DELETE', link)).status).toBe(204);
    expect((await send('DELETE', link)).status).toBe(204);
    const [page, again] = [pageOf(await send('GET', link)), pageOf(await send('GET', link))];
    expect(page).toMatchObject({
      stats: { state: 'FAILED' },
      error: { errorName: 'USER_CANCELED', errorCode: 3, message: 'Query was canceled' },
    });
    expect(page.nextUri).toBeUndefined();
    expect(again).toEqual(page);
  });

  test('a killed query names the reason; a second kill comes too late', async () => {
    const { first, last } = await startEndless(url());
    const kill = (id: string) => send('PUT', `${url()}/v1/query/${id}/killed`, session, 'because');
    expect((await kill(first.id)).status).toBe(202);
    expect((await kill(first.id)).status).toBe(409);
    expect((await kill(UNKNOWN_ID)).status).toBe(410);
    expect(pageOf(await send('GET', next(last))).error).toMatchObject({
      errorName: 'ADMINISTRATIVELY_KILLED',
      errorCode: 38,
      message: 'Query killed. Message: because',
    });
  });

  test('kill_query kills, however it is written', async () => {
    const [first, second] = [await startEndless(url()), await startEndless(url())];
    await run(url(), `CALL system.runtime.kill_query(query_id => '${first.first.id}', message => 'too big')`);
    await run(url(), `EXECUTE IMMEDIATE 'CALL system.runtime.kill_query(''${second.first.id}'', ''too big'')'`);
    for (const { last } of [first, second]) {
      expect(pageOf(await send('GET', next(last))).error).toMatchObject({
        errorCode: 38,
        message: 'Query killed. Message: too big',
      });
    }
    const late = await run(url(), `CALL system.runtime.kill_query('${first.first.id}', 'm')`);
    expect(late.last.error).toMatchObject({
      errorName: 'NOT_SUPPORTED',
      message: `Target query is not running: ${first.first.id}`,
    });
    const unknown = await run(url(), `CALL system.runtime.kill_query('${UNKNOWN_ID}', 'm')`);
    expect(unknown.last.error).toMatchObject({
      errorName: 'NOT_FOUND',
      message: `Target query not found: ${UNKNOWN_ID}`,
    });
  });

  test('a partial cancel ends the query without an error', async () => {
    let { last } = await run(url(), ENDLESS, session, ({ partialCancelUri }) => partialCancelUri !== undefined);
    expect(await send('GET', last.partialCancelUri ?? '')).toMatchObject({ status: 405 });
    for (let polls = 0; polls < 60 && last.nextUri !== undefined; polls += 1) {
      if (last.partialCancelUri !== undefined) expect((await send('DELETE', last.partialCancelUri)).status).toBe(204);
      last = pageOf(await send('GET', next(last)));
    }
    expect(last).toMatchObject({ stats: { state: 'FINISHED' } });
    expect(last.error).toBeUndefined();
  });

  test('deleting by id works, and an unknown id is no error', async () => {
    const { first, last } = await startEndless(url());
    expect((await send('DELETE', `${url()}/v1/query/${first.id}`, session)).status).toBe(204);
    expect((await send('DELETE', `${url()}/v1/query/${UNKNOWN_ID}`, session)).status).toBe(204);
    expect(pageOf(await send('GET', next(last))).error).toMatchObject({ errorName: 'USER_CANCELED' });
  });
}
