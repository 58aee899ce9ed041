import { expect, test } from '@jest/globals';
import { ENDLESS } from './queries.ts';
import { next, pageOf, run, send, session, submit } from './wire.ts';

const STATS_KEYS =
  'state queued scheduled nodes totalSplits queuedSplits runningSplits completedSplits planningTimeMillis analysisTimeMillis cpuTimeMillis ' +
  'wallTimeMillis queuedTimeMillis elapsedTimeMillis finishingTimeMillis physicalInputTimeMillis processedRows processedBytes ' +
  'physicalInputBytes physicalWrittenBytes internalNetworkInputBytes peakMemoryBytes spilledBytes';

const REFUSED: readonly [string, Record<string, string>, string, number, string][] = [
  ['an empty statement', session, '', 400, 'Error 400 Bad Request: SQL statement is empty'],
  [
    'a schema without catalog',
    { ...session, 'X-Trino-Schema': 'x' },
    'SELECT 1',
    400,
    'Error 400 Bad Request: Schema is set but catalog is not',
  ],
  [
    'a bad transaction id',
    { ...session, 'X-Trino-Transaction-Id': 'x' },
    'SELECT 1',
    400,
    'Error 400 Bad Request: Invalid UUID string: x',
  ],
  [
    'a bad session header',
    { ...session, 'X-Trino-Session': 'x' },
    'SELECT 1',
    400,
    'Error 400 Bad Request: Invalid X-Trino-Session header',
  ],
  ['no user', {}, 'SELECT 1', 401, 'Basic authentication or X-Trino-Original-User or X-Trino-User must be sent'],
];

export function submission(url: () => string): void {
  test('the POST answers a QUEUED page with exactly these keys', async () => {
    const answer = await send('POST', `${url()}/v1/statement`, session, 'SELECT 1');
    const page = pageOf(answer);
    expect(Object.keys(page)).toEqual(['id', 'infoUri', 'nextUri', 'stats', 'warnings']);
    expect(Object.keys(page.stats)).toEqual(STATS_KEYS.split(' '));
    expect(page.stats).toMatchObject({ state: 'QUEUED', queued: true, scheduled: false });
    expect(page.id).toMatch(/^\d{8}_\d{6}_\d{5}_[a-km-np-z2-9]{5}$/);
    expect(page.infoUri).toBe(`${url()}/ui/query.html?${page.id}`);
    expect(new URL(next(page)).pathname).toMatch(new RegExp(`^/v1/statement/queued/${page.id}/y[0-9a-f]{40}/1$`));
    expect(answer.headers).toMatchObject({
      'content-type': 'application/json',
      vary: 'Accept-Encoding',
      'x-content-type-options': 'nosniff',
    });
  });

  test('a query nobody polled does not exist', async () => {
    const page = await submit(url(), 'SELECT 1');
    const queryInfo = () => send('GET', `${url()}/v1/query/${page.id}`, session);
    expect(await queryInfo()).toMatchObject({ status: 410, text: 'Error 410 Gone: HTTP 410 Gone' });
    await send('GET', next(page));
    expect((await queryInfo()).status).toBe(200);
  });

  test('a HEAD of the queued link begins the query and leaves the token', async () => {
    const page = await submit(url(), ENDLESS);
    expect(await send('HEAD', next(page))).toMatchObject({ status: 200, text: '' });
    expect((await send('GET', `${url()}/v1/query/${page.id}`, session)).status).toBe(200);
    expect(pageOf(await send('GET', next(page))).id).toBe(page.id);
    await send('DELETE', `${url()}/v1/query/${page.id}`, session);
  });

  test('a link deleted before its first poll answers USER_CANCELED, again and again', async () => {
    const link = next(await submit(url(), 'SELECT 1'));
    expect((await send('DELETE', link)).status).toBe(204);
    for (let times = 0; times < 2; times += 1) {
      const page = pageOf(await send('GET', link));
      expect(page).toMatchObject({
        stats: { state: 'FAILED' },
        error: { errorName: 'USER_CANCELED', errorCode: 3, message: 'Query was canceled' },
      });
      expect(page.nextUri).toBeUndefined();
    }
  });

  test('the suffix of the ids is the same for every query', async () => {
    const ids = await Promise.all(
      ['SELECT 1', 'SELECT 2', 'SELECT 3'].map(async (sql) => (await submit(url(), sql)).id),
    );
    expect(new Set(ids).size).toBe(3);
    expect(new Set(ids.map((id) => id.slice(-5))).size).toBe(1);
  });

  test.each(REFUSED)('%s is refused at once', async (_name, headers, statement, status, text) => {
    const answer = await send('POST', `${url()}/v1/statement`, headers, statement);
    expect(answer).toMatchObject({ status, text });
    expect(answer.headers['content-type']).toMatch(/^text\/plain/);
    expect(answer.headers['www-authenticate']).toBe(status === 401 ? 'Basic realm="Trino"' : undefined);
  });

  test('a Basic user name is a user', async () => {
    const authorization = `Basic ${Buffer.from('joe:').toString('base64')}`;
    expect((await run(url(), 'SELECT current_user', { Authorization: authorization })).rows).toEqual([['joe']]);
  });
}
