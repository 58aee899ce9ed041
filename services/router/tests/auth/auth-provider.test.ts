import type { ServerResponse } from 'node:http';
import { describe, expect, test } from '@jest/globals';
import { startScriptedTrino } from '@trino-gateway/testing';
import { post } from '../support/client.ts';
import { basic, startAuthProvider } from '../support/fake-auth-provider.ts';
import { challenge, refused, startGuardedRouter } from '../support/guarded-router.ts';
import { deadUrl, startStub } from '../support/stub-cluster.ts';
import { startTestbed } from '../support/testbed.ts';

describe('a provider that does not answer correctly lets nobody in', () => {
  const json =
    (body: string, status = 200) =>
    (response: ServerResponse) => {
      response.writeHead(status, { 'Content-Type': 'application/json' });
      response.end(body);
    };
  const answers: [string, (response: ServerResponse) => void][] = [
    ['is silent', () => {}],
    ['stalls in its answer', (response) => void response.write('{"ok": ')],
    ['answers something huge', (response) => response.end(`{"ok": true, "more": "${'x'.repeat(1_000_000)}"}`)],
    ['answers no JSON', json('ok')],
    ['answers nothing', json('')],
    ['answers JSON of another shape', json('{"status": "ok"}')],
    ['answers true as text', json('{"ok": "true"}')],
    ['answers null', json('null')],
    [
      'answers true, and beside it something nested without end',
      json(`{"ok": true, "more": ${'['.repeat(500)}${']'.repeat(500)}}`),
    ],
    ['fails, whatever it says', json('{"ok": true}', 500)],
    ['does not accept our key', json('{"error": "bad key"}', 403)],
    ['breaks off', (response) => response.destroy()],
  ];
  test.each(answers)('one that %s', async (_what, answer) => {
    await using provider = await startAuthProvider(answer);
    const config = { auth_provider_url: provider.url, auth_provider_time_limit: 1_500 };
    await using bed = await startGuardedRouter({ config });
    const reply = await post(bed.router.url, 'SELECT 1', basic('alice'));
    expect(refused(reply)).toEqual({
      status: 401,
      challenge,
      text: 'Access Denied: the authentication provider of the gateway does not answer correctly: try again in a minute',
    });
    expect(bed.trino.requests).toEqual([]);
  });

  test('one that redirects: the password goes nowhere else', async () => {
    await using elsewhere = await startStub((_request, response) => response.end('{"ok": true}'));
    await using provider = await startAuthProvider((response) => {
      response.writeHead(307, { Location: elsewhere.url });
      response.end();
    });
    await using bed = await startGuardedRouter({ config: { auth_provider_url: provider.url } });
    expect((await post(bed.router.url, 'SELECT 1', basic('alice'))).status).toBe(401);
    expect(elsewhere.requests).toEqual([]);
  });

  test('one that cannot be reached', async () => {
    await using bed = await startGuardedRouter({ config: { auth_provider_url: await deadUrl() } });
    expect((await post(bed.router.url, 'SELECT 1', basic('alice'))).status).toBe(401);
  });

  test('one that is not configured: the client reads what the operator must set', async () => {
    await using trino = await startScriptedTrino();
    await using router = await startTestbed({ clusters: { trino }, authDelegated: true });
    const reply = await post(router.url, 'SELECT 1', basic('alice'));
    expect(refused(reply)).toMatchObject({ status: 401, challenge });
    expect(reply.text).toContain('router.auth_provider_url');
    expect(trino.requests).toEqual([]);
  });

  test('one that denies under an error status denies', async () => {
    await using provider = await startAuthProvider(json('{"ok": false}', 401));
    await using bed = await startGuardedRouter({ config: { auth_provider_url: provider.url } });
    const reply = await post(bed.router.url, 'SELECT 1', basic('alice'));
    expect(reply).toMatchObject({ status: 401, text: 'Access Denied: Invalid credentials' });
  });
});
