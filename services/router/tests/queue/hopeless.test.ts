import { describe, expect, test } from '@jest/globals';
import { post, run, user } from '../support/client.ts';
import { onlyWaiter, posted, startQueueBed } from '../support/queue-bed.ts';

describe('a statement that would have to wait, and that every cluster refuses,', () => {
  test('is refused at once, with the error of Trino and its place', async () => {
    await using bed = await startQueueBed();
    const { pages, last } = await run(bed.router.url, 'SELEC 1');
    expect(pages.map(({ stats }) => stats.state)).toEqual(['QUEUED', 'FAILED']);
    const errorLocation = { lineNumber: 1, columnNumber: 1 };
    expect(last.error).toMatchObject({
      errorName: 'SYNTAX_ERROR',
      errorCode: 1,
      errorType: 'USER_ERROR',
      message: expect.stringMatching(/^line 1:1: mismatched input 'SELEC'/),
      errorLocation,
      failureInfo: { errorLocation },
    });
    expect(bed.admission.waiters.size).toBe(0);
    expect(bed.router.submissions).toEqual([[bed.router.port, 'g', 'refused']]);
    expect(bed.router.started).toMatchObject([{ error: { name: 'SYNTAX_ERROR', code: 1 } }]);
  });

  test('for a prepared statement that its session does not have', async () => {
    await using bed = await startQueueBed();
    const { last } = await run(bed.router.url, 'EXECUTE nope USING 1');
    expect(last.error).toMatchObject({
      errorName: 'NOT_FOUND',
      errorCode: 5,
      message: 'Prepared statement not found: nope',
    });
    const headers = [...user, 'X-Trino-Prepared-Statement', 'nope=SELECT+%3F'];
    await post(bed.router.url, 'EXECUTE nope USING 1', headers);
    expect(onlyWaiter(bed.admission)?.phase).toBe('queued');
  });

  test('for headers that nobody can read, gets the answer that Trino gives', async () => {
    await using bed = await startQueueBed();
    for (const value of ['query_max_run_time', 'a=1=2', `${'a,'.repeat(500_000)}a`])
      expect(await post(bed.router.url, 'SELECT 1', [...user, 'X-Trino-Session', value])).toMatchObject({
        status: 400,
        text: 'Error 400 Bad Request: Invalid X-Trino-Session header',
      });
    expect(bed.admission.waiters.size).toBe(0);
  });

  test('is the business of the cluster where a slot is free', async () => {
    await using bed = await startQueueBed({ slots: 2, taken: 0 });
    await post(bed.router.url, 'SELEC 1');
    await post(bed.router.url, 'SELECT 1', [...user, 'X-Trino-Session', 'a']);
    expect(posted(bed.trino).map(({ body }) => body)).toEqual(['SELEC 1', 'SELECT 1']);
  });

  test('is not told so before the cluster has accepted its client', async () => {
    await using bed = await startQueueBed();
    bed.admission.checksAt = 'trino';
    const challenge = { kind: 'status', status: 401, headers: [['WWW-Authenticate', 'Basic']] } as const;
    bed.trino.fault({ on: ({ method }) => method === 'HEAD', action: challenge });
    expect((await post(bed.router.url, 'SELEC 1')).status).toBe(401);
    expect((await run(bed.router.url, 'SELEC 1')).last.error?.errorName).toBe('SYNTAX_ERROR');
  });
});
