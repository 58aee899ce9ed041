import { gunzipSync } from 'node:zlib';
import { describe, expect, test } from '@jest/globals';
import { linkParts, next, pageOf, type Run, run, send, session, submit, type WirePage } from './wire.ts';

/** Where the tests run: a cluster that processes forwarded headers, and one that rejects them. */
export type ProtocolTarget = { url: string; rejectingUrl: string | undefined };

const unknownId = '20260101_000000_00000_aaaaa';
const endless = 'SELECT count(*) FROM tpch.sf100.lineitem';
const statsKeys =
  'state queued scheduled nodes totalSplits queuedSplits runningSplits completedSplits planningTimeMillis analysisTimeMillis cpuTimeMillis ' +
  'wallTimeMillis queuedTimeMillis elapsedTimeMillis finishingTimeMillis physicalInputTimeMillis processedRows processedBytes ' +
  'physicalInputBytes physicalWrittenBytes internalNetworkInputBytes peakMemoryBytes spilledBytes';

const isRunning = (page: WirePage) => page.nextUri?.includes('/executing/') === true && page.stats.state === 'RUNNING';
const startEndless = (url: string): Promise<Run> => run(url, endless, session, isRunning);
const withSlug = (link: string, slug: string) => link.replace(linkParts(link).slug, slug);
const header = (seen: Run, name: string) => seen.answers.flatMap(({ headers }) => headers[name] ?? []);

/** The behaviour of Trino that the gateway relies on: the same tests for a real cluster and for the scripted one. */
export function describeProtocol(name: string, target: () => ProtocolTarget): void {
  describe(name, () => {
    describe('submission', () => submission(() => target().url));
    describe('polling', () => polling(() => target().url));
    describe('statements', () => statements(() => target().url));
    describe('cancelling and killing', () => killing(() => target().url));
    describe('other resources', () => otherResources(() => target().url));
    describe('links', () => links(target));
  });
}

function submission(url: () => string): void {
  test('the POST answers a QUEUED page with exactly these keys', async () => {
    const answer = await send('POST', `${url()}/v1/statement`, session, 'SELECT 1');
    const page = pageOf(answer);
    expect(Object.keys(page)).toEqual(['id', 'infoUri', 'nextUri', 'stats', 'warnings']);
    expect(Object.keys(page.stats)).toEqual(statsKeys.split(' '));
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
    const look = () => send('GET', `${url()}/v1/query/${page.id}`, session);
    expect(await look()).toMatchObject({ status: 410, text: 'Error 410 Gone: HTTP 410 Gone' });
    await send('GET', next(page));
    expect((await look()).status).toBe(200);
  });

  test('a HEAD of the queued link begins the query and leaves the token', async () => {
    const page = await submit(url(), endless);
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

  test.each<[string, Record<string, string>, string, number, string]>([
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
  ])('%s is refused at once', async (_name, headers, statement, status, text) => {
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

function polling(url: () => string): void {
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
    expect(await send('GET', `${url()}/v1/statement/executing/${unknownId}/y00/0`)).toMatchObject(queryNotFound);
    expect(await send('GET', `${url()}/v1/statement/queued/${unknownId}/y00/1`)).toMatchObject(queryNotFound);
    expect(await send('GET', `${url()}/v1/statement/queued/BAD/y00/1`)).toMatchObject({ status: 404, text: '' });
  });

  test('a HEAD of an executing link is known only after a GET of one', async () => {
    const seen = await run(url(), endless, session, ({ nextUri }) => nextUri?.includes('/executing/') === true);
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

  test('gzip is given to those who ask for it', async () => {
    const post = (encoding: string) =>
      send('POST', `${url()}/v1/statement`, { ...session, 'Accept-Encoding': encoding }, 'SELECT 1');
    const zipped = await post('gzip, deflate, br');
    expect(zipped.headers['content-encoding']).toBe('gzip');
    expect(JSON.parse(gunzipSync(zipped.body).toString())).toMatchObject({ stats: { state: 'QUEUED' } });
    for (const encoding of ['identity', 'gzip;q=0', 'br'])
      expect((await post(encoding)).headers['content-encoding']).toBeUndefined();
  });
}

function statements(url: () => string): void {
  test.each<[string, string, number]>([
    ['SELECT 1 / 0', 'DIVISION_BY_ZERO', 8],
    ['SELECT * FROM tpch.tiny.nope', 'TABLE_NOT_FOUND', 46],
    ['SELECT 1;', 'SYNTAX_ERROR', 1],
    ['   ', 'SYNTAX_ERROR', 1],
    ['-- nothing', 'SYNTAX_ERROR', 1],
    ['EXECUTE nope', 'NOT_FOUND', 5],
    ['COMMIT', 'NOT_IN_TRANSACTION', 21],
  ])('%j fails at a poll with %s', async (statement, errorName, errorCode) => {
    const { first, last } = await run(url(), statement);
    expect(first.error).toBeUndefined();
    expect(last).toMatchObject({
      stats: { state: 'FAILED' },
      error: { errorName, errorCode, errorType: 'USER_ERROR' },
    });
    expect(last.error?.failureInfo).toMatchObject({
      type: expect.any(String),
      message: last.error?.message,
      suppressed: [],
      stack: expect.any(Array),
    });
    expect(last.data).toBeUndefined();
  });

  test.each<[string, Record<string, string>, string]>([
    ["SET SESSION query_max_run_time = '17m'", { 'x-trino-set-session': 'query_max_run_time=17m' }, 'SET SESSION'],
    ['RESET SESSION query_max_run_time', { 'x-trino-clear-session': 'query_max_run_time' }, 'RESET SESSION'],
    ['USE tpch.tiny', { 'x-trino-set-catalog': 'tpch', 'x-trino-set-schema': 'tiny' }, 'USE'],
  ])('%s tells the client to keep it', async (statement, headers, updateType) => {
    const seen = await run(url(), statement);
    expect(seen.last).toMatchObject({ stats: { state: 'FINISHED' }, updateType, columns: [] });
    // A query that ends while a page is on its way says it on that one and on the last.
    for (const [name, value] of Object.entries(headers)) expect(new Set(header(seen, name))).toEqual(new Set([value]));
  });

  test('a prepared statement lives in the headers of the client', async () => {
    const added = header(await run(url(), 'PREPARE one FROM SELECT 1'), 'x-trino-added-prepare');
    expect(added[0]).toMatch(/^one=SELECT\+1/);
    const prepared = { ...session, 'X-Trino-Prepared-Statement': added[0] ?? '' };
    expect((await run(url(), 'EXECUTE one', prepared)).rows).toEqual([[1]]);
    expect(header(await run(url(), 'DEALLOCATE PREPARE one', prepared), 'x-trino-deallocated-prepare')).toEqual([
      'one',
    ]);
    expect((await run(url(), "EXECUTE IMMEDIATE 'SELECT ''a'''")).rows).toEqual([['a']]);
  });

  test('a transaction is known from its start to its end, and only to those who know it', async () => {
    const [id = ''] = header(await run(url(), 'START TRANSACTION'), 'x-trino-started-transaction-id');
    const inside = { ...session, 'X-Trino-Transaction-Id': id };
    expect((await run(url(), 'SELECT 1', inside)).rows).toEqual([[1]]);
    expect(header(await run(url(), 'COMMIT', inside), 'x-trino-clear-transaction-id')).toEqual(['true']);
    const { last } = await run(url(), 'SELECT 1', inside);
    expect(last.error).toMatchObject({
      errorName: 'UNKNOWN_TRANSACTION',
      errorCode: 20,
      message: `Unknown transaction ID: ${id}. Possibly expired? Commands ignored until end of transaction block`,
    });
    const { last: without } = await run(url(), 'START TRANSACTION', { 'X-Trino-User': 'joe' });
    expect(without.error).toMatchObject({ errorName: 'INCOMPATIBLE_CLIENT', errorCode: 27 });
  });

  test('running queries can be counted by SQL, and told apart by their source', async () => {
    const running = await startEndless(url());
    const live = "FROM system.runtime.queries WHERE state NOT IN ('FINISHED', 'FAILED')";
    const counts = (await run(url(), `SELECT state, count(*) ${live} GROUP BY state`)).rows;
    expect(counts.reduce((sum, [, found]) => sum + Number(found), 0)).toBeGreaterThanOrEqual(2);
    // Others may ask the same cluster, a monitor for one: only the own query tells whether the source decides.
    const ids = async (where: string) =>
      (await run(url(), `SELECT query_id, state ${live} ${where}`)).rows.map(([id]) => id);
    expect(await ids('')).toContain(running.last.id);
    expect(await ids("AND source <> 'somebody'")).toContain(running.last.id);
    expect(await ids("AND source <> 'protocol-tests'")).not.toContain(running.last.id);
    await send('DELETE', next(running.last));
  });
}

function killing(url: () => string): void {
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
    expect((await kill(unknownId)).status).toBe(410);
    expect(pageOf(await send('GET', next(last))).error).toMatchObject({
      errorName: 'ADMINISTRATIVELY_KILLED',
      errorCode: 38,
      message: 'Query killed. Message: because',
    });
  });

  test('kill_query kills, by whatever way it is said', async () => {
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
    const unknown = await run(url(), `CALL system.runtime.kill_query('${unknownId}', 'm')`);
    expect(unknown.last.error).toMatchObject({
      errorName: 'NOT_FOUND',
      message: `Target query not found: ${unknownId}`,
    });
  });

  test('a partial cancel ends the query without an error', async () => {
    let { last } = await run(url(), endless, session, ({ partialCancelUri }) => partialCancelUri !== undefined);
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
    expect((await send('DELETE', `${url()}/v1/query/${unknownId}`, session)).status).toBe(204);
    expect(pageOf(await send('GET', next(last))).error).toMatchObject({ errorName: 'USER_CANCELED' });
  });
}

function otherResources(url: () => string): void {
  test.each<[string, string, number, string]>([
    ['GET', '/v1/statement', 405, 'HEAD,POST,OPTIONS'],
    ['PATCH', '/v1/statement', 405, 'HEAD,POST,OPTIONS'],
    ['POST', '/v1/info', 405, 'GET,OPTIONS'],
    ['POST', `/v1/query/${unknownId}`, 405, 'DELETE,GET,OPTIONS'],
    ['POST', `/v1/statement/queued/${unknownId}/y00/1`, 405, 'DELETE,GET,OPTIONS'],
    ['GET', `/v1/statement/executing/partialCancel/${unknownId}/0/y00/1`, 405, 'DELETE,OPTIONS'],
  ])('%s %s is %i, allowed: %s', async (method, path, status, allow) => {
    const answer = await send(method, url() + path, session);
    expect(answer.status).toBe(status);
    expect(answer.headers.allow).toBe(allow);
  });

  test('credentials can be tried by HEAD', async () => {
    expect(await send('HEAD', `${url()}/v1/statement`, session)).toMatchObject({
      status: 200,
      headers: { 'content-length': '0' },
    });
    expect(await send('HEAD', `${url()}/v1/statement`)).toMatchObject({
      status: 401,
      headers: { 'www-authenticate': 'Basic realm="Trino"' },
    });
  });

  test('/v1/info says what it is to everybody', async () => {
    const answer = await send('GET', `${url()}/v1/info`);
    expect(JSON.parse(answer.text)).toEqual({
      nodeVersion: { version: '476' },
      environment: expect.stringMatching(/^[a-z]+$/),
      coordinator: true,
      starting: false,
      uptime: expect.stringMatching(/^[\d.]+(ms|s|m|h|d)$/),
    });
    expect(await send('GET', `${url()}/v1/info/state`)).toMatchObject({ status: 200, text: '"ACTIVE"' });
    expect(await send('GET', `${url()}/v1/info/coordinator`)).toMatchObject({ status: 200, text: '' });
    expect((await send('GET', `${url()}/v1/status`)).status).toBe(200);
  });

  test('unknown paths and ids', async () => {
    expect(await send('GET', `${url()}/v1/nothing`)).toMatchObject({
      status: 404,
      text: 'Error 404 Not Found: HTTP 404 Not Found',
    });
    expect(await send('GET', `${url()}/v1/query/${unknownId}`, session)).toMatchObject({ status: 410 });
    expect(await send('GET', `${url()}/v1/query/BAD-id`, session)).toMatchObject({ status: 404, text: '' });
    expect((await send('GET', `${url()}/v1/query`)).status).toBe(401);
  });

  test('a query is shown by its id and in the list', async () => {
    const { first } = await run(url(), "SELECT 'looked at'");
    const info = JSON.parse((await send('GET', `${url()}/v1/query/${first.id}`, session)).text);
    expect(info).toMatchObject({
      queryId: first.id,
      state: 'FINISHED',
      query: "SELECT 'looked at'",
      session: { user: 'joe', source: 'protocol-tests' },
    });
    const list = JSON.parse((await send('GET', `${url()}/v1/query?state=FINISHED`, session)).text) as {
      queryId: string;
    }[];
    expect(list.map(({ queryId }) => queryId)).toContain(first.id);
  });

  test('the console wants a login, by a cookie of this cluster', async () => {
    expect(await send('GET', `${url()}/`)).toMatchObject({ status: 303, headers: { location: `${url()}/ui/` } });
    expect(await send('GET', `${url()}/ui/`)).toMatchObject({
      status: 303,
      headers: { location: `${url()}/ui/login.html` },
    });
    expect((await send('GET', `${url()}/ui/api/stats`, session)).status).toBe(401);
    const form = { 'Content-Type': 'application/x-www-form-urlencoded' };
    const login = await send('POST', `${url()}/ui/login`, form, 'username=joe&password=&redirectPath=');
    const [cookie = ''] = login.headers['set-cookie'] ?? [];
    expect(cookie).toMatch(/^Trino-UI-Token=[^;]+;Version=1;Path=\/ui;HttpOnly$/);
    expect((await send('GET', `${url()}/ui/api/stats`, { Cookie: cookie.split(';')[0] ?? '' })).status).toBe(200);
  });
}

function links(target: () => ProtocolTarget): void {
  const originOf = async (url: string, headers: Record<string, string>) => {
    const page = pageOf(await send('POST', `${url}/v1/statement`, { ...session, ...headers }, 'SELECT 1'));
    expect(page.infoUri.split('/ui/')[0]).toBe(next(page).split('/v1/')[0]);
    return next(page).split('/v1/')[0];
  };
  const forwarded = (headers: Record<string, string>) =>
    Object.fromEntries(Object.entries(headers).map(([name, value]) => [`X-Forwarded-${name}`, value]));

  test.each<[Record<string, string>, string]>([
    [forwarded({ Proto: 'https', Host: 'gw.example:8443', Port: '8443' }), 'https://gw.example:8443'],
    [forwarded({ Proto: 'https', Host: 'gw.example', Port: '8443' }), 'https://gw.example:8443'],
    [forwarded({ Proto: 'https', Host: 'gw.example' }), 'https://gw.example'],
    [forwarded({ Proto: 'https' }), 'https://HOST'],
    [forwarded({ Host: 'gw.example' }), 'http://gw.example'],
    [forwarded({ Port: '8443' }), 'http://127.0.0.1:8443'],
    [forwarded({ Proto: 'https', Host: '[::1]:8443' }), 'https://[::1]:8443'],
    [forwarded({ Prefix: '/c1' }), 'http://HOST/c1'],
    [forwarded({ Host: 'a.example, b.example', Proto: 'https, http' }), 'https://a.example'],
    [{ Forwarded: 'host=evil.example;proto=https' }, 'https://evil.example:PORT'],
    [{ Forwarded: 'host=evil.example;proto=https', 'X-Forwarded-Host': 'gw.example' }, 'https://evil.example'],
    [{ Host: 'gw.example:9999' }, 'http://gw.example:9999'],
  ])('with %j they begin with %s', async (headers, expected) => {
    const { host, port } = new URL(target().url);
    expect(await originOf(target().url, headers)).toBe(expected.replace('HOST', host).replace('PORT', port));
  });

  test('each answer is built from its own request', async () => {
    const page = pageOf(
      await send(
        'POST',
        `${target().url}/v1/statement`,
        { ...session, ...forwarded({ Host: 'gw.example' }) },
        'SELECT 1',
      ),
    );
    const { pathname } = new URL(next(page));
    expect(next(pageOf(await send('GET', target().url + pathname)))).toMatch(new RegExp(`^${target().url}/v1/`));
    const told = await send('GET', target().url + pathname, forwarded({ Host: 'other.example', Proto: 'https' }));
    expect(next(pageOf(told))).toMatch(/^https:\/\/other\.example\/v1\//);
  });

  test('a cluster that does not process them refuses every X-Forwarded header, everywhere', async () => {
    const url = target().rejectingUrl;
    if (url === undefined)
      throw new Error('a cluster that rejects X-Forwarded headers is needed: set TRINO_PROTOCOL_URL_REJECTING');
    const message = (name: string) => `Server configuration does not allow processing of the ${name} header`;
    const json = await send(
      'POST',
      `${url}/v1/statement`,
      { ...session, Accept: 'application/json', 'X-Forwarded-Proto': 'https' },
      'SELECT 1',
    );
    expect(json.status).toBe(406);
    expect(JSON.parse(json.text)).toEqual({
      message: message('X-Forwarded-Proto'),
      url: `${url}/v1/statement`,
      status: '406',
    });
    const text = await send('GET', `${url}/v1/info`, { 'X-Forwarded-Invented': 'x' });
    expect(text.status).toBe(406);
    expect(text.text).toContain(message('X-Forwarded-Invented'));
    expect(
      await originOf(url, { Forwarded: 'host=evil.example;proto=https', 'X-Real-IP': '1.2.3.4', Host: 'gw.example' }),
    ).toBe('http://gw.example');
  });
}
