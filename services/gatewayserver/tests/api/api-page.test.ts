import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { startTestGatewayserver, type TestGatewayserver } from '../support/gatewayserver-fixture.ts';

jest.setTimeout(120_000); // a busy machine starts a server slowly

let server: TestGatewayserver;
beforeAll(async () => {
  server = await startTestGatewayserver({ admin_token: 'admin-secret' });
});
afterAll(async () => {
  await server[Symbol.asyncDispose]();
});

const PAGE = '/admin/swaggerui/';
const get = (path: string, headers: Record<string, string> = {}, method = 'GET') =>
  fetch(server.url + path, { method, headers, redirect: 'manual' });

describe('the API page is open, and every file of it is there', () => {
  test.each([
    [PAGE, 'text/html; charset=utf-8', '<div id="page">'],
    [`${PAGE}start.js`, 'text/javascript; charset=utf-8', 'SwaggerUIBundle'],
    [`${PAGE}swagger-ui-bundle.js`, 'text/javascript; charset=utf-8', 'SwaggerUIBundle'],
    [`${PAGE}swagger-ui.css`, 'text/css; charset=utf-8', '.swagger-ui'],
    [`${PAGE}favicon-32x32.png`, 'image/png', 'PNG'],
    ['/admin/openapi.json', 'application/json', '"openapi": "3.1.0"'],
  ])('%s', async (path, type, part) => {
    const answer = await get(path);
    expect([answer.status, answer.headers.get('content-type')]).toEqual([200, type]);
    expect(answer.headers.get('x-content-type-options')).toBe('nosniff');
    expect(await answer.text()).toContain(part);
    const head = await get(path, {}, 'HEAD');
    expect([head.status, head.headers.get('content-length')]).toEqual([200, answer.headers.get('content-length')]);
    const same = await get(path, { 'if-none-match': `"other", ${answer.headers.get('etag')}` });
    expect([same.status, await same.text()]).toEqual([304, '']);
    expect((await get(path, {}, 'POST')).status).toBe(405);
  });

  test('it runs its own scripts alone, connects to its own origin alone, and is shown in no frame', async () => {
    const policy = (await get(PAGE)).headers.get('content-security-policy') ?? '';
    expect(policy).toContain("default-src 'none'");
    expect(policy).toContain("frame-ancestors 'none'");
    expect(policy).not.toMatch(/unsafe|http|\*/);
  });

  test('its address without the slash redirects to it', async () => {
    const { status, headers } = await get('/admin/swaggerui');
    expect([status, headers.get('location')]).toEqual([301, PAGE]);
  });

  test('no other file of the disk is served', async () => {
    for (const path of [
      'index.html',
      'package.json',
      'swagger-initializer.js',
      '..%2fpackage.json',
      'x/../start.js%00',
    ])
      expect([path, (await get(PAGE + path)).status]).toEqual([path, 404]);
  });
});
