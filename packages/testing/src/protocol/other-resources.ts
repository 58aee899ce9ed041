import { expect, test } from '@jest/globals';
import { UNKNOWN_ID } from './queries.ts';
import { run, send, session } from './wire.ts';

export function otherResources(url: () => string): void {
  test.each<[string, string, number, string]>([
    ['GET', '/v1/statement', 405, 'HEAD,POST,OPTIONS'],
    ['PATCH', '/v1/statement', 405, 'HEAD,POST,OPTIONS'],
    ['POST', '/v1/info', 405, 'GET,OPTIONS'],
    ['POST', `/v1/query/${UNKNOWN_ID}`, 405, 'DELETE,GET,OPTIONS'],
    ['POST', `/v1/statement/queued/${UNKNOWN_ID}/y00/1`, 405, 'DELETE,GET,OPTIONS'],
    ['GET', `/v1/statement/executing/partialCancel/${UNKNOWN_ID}/0/y00/1`, 405, 'DELETE,OPTIONS'],
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

  test('/v1/info is open to everybody', async () => {
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
    expect(await send('GET', `${url()}/v1/query/${UNKNOWN_ID}`, session)).toMatchObject({ status: 410 });
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
