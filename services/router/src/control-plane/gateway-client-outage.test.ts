import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { Backend_Forwarding, Backend_ForwardedHeaders as Setting } from '@trino-gateway/api/gateway';
import { createGatewayTransport } from '@trino-gateway/runtime';
import { until } from '@trino-gateway/testing/processes/until';
import { fakeGatewayserver, refusalKey, serveFake, snapshotOf } from '../../tests/support/fake-gatewayserver.ts';
import { FAST, inMemory, routeRequest, startGatewayClient } from '../../tests/support/start-gateway-client.ts';
import { GatewayUnavailableError } from './retry-unreachable.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'router-gateway-'));
});
afterEach(() => rm(folder, { recursive: true }));
const never = new AbortController().signal;

describe('without a gatewayserver', () => {
  const nobody = () => createGatewayTransport({ urls: ['http://127.0.0.1:1'], timeLimitMs: 500 });

  test('a router that never had a snapshot is not ready, and says why', async () => {
    using transport = nobody();
    await using router = startGatewayClient(folder, transport);
    await until(
      'the client says why it is not ready',
      () => router.gateway.notReady()?.includes('router.gatewayserver_url') === true,
    );
    expect(router.gateway.signingKey()).toBeUndefined();
    expect(router.log).toHaveLength(1);
  });

  test('a restarted router serves polls from its state file, also of incarnations only it has seen', async () => {
    const fake = fakeGatewayserver();
    const backend = {
      id: 'a',
      url: 'http://a:1',
      forwardedHeaders: Setting.AUTO,
      externalUrl: 'https://a.example',
      forwarding: Backend_Forwarding.DIRECT,
      limited: true,
    };
    fake.publish({
      ...snapshotOf('1', ['http://a:1']),
      backends: [backend],
      incarnations: [{ suffix: 'aaaaa', backendId: 'a', url: 'http://a:1', forwardedHeaders: Setting.AUTO }],
    });
    {
      await using router = startGatewayClient(folder, inMemory(fake), { timings: { ...FAST, recordLimitMs: 60_000 } });
      await until('the client is ready', () => router.gateway.notReady() === undefined);
      const coordinator = { backendId: 'a', url: 'http://a:1', forwardedHeaders: Setting.AUTO };
      router.ownership.learn('20261121_080808_00130_bbbbb', coordinator);
      await router.gateway.recordIncarnation({ suffix: 'bbbbb', ...coordinator });
      expect(await readFile(join(folder, 'state.json'), 'utf8')).toContain('bbbbb');
    }
    using transport = nobody();
    await using router = startGatewayClient(folder, transport);
    expect(router.gateway.notReady()).toBeUndefined();
    expect(router.gateway.signingKey()?.export()).toEqual(Buffer.from(refusalKey));
    expect([...router.gateway.backends().values()]).toMatchObject([backend]);
    expect(router.ownership.owners('20261121_080808_00130_aaaaa')).toHaveLength(1);
    expect(router.ownership.owners('20261121_080808_00130_bbbbb')).toHaveLength(1);
  });

  test('a router whose token was never accepted is not ready, whatever its state file says', async () => {
    const fake = fakeGatewayserver();
    fake.publish(snapshotOf('1', ['http://a:1']));
    {
      await using router = startGatewayClient(folder, inMemory(fake));
      await until('the client is ready', () => router.gateway.notReady() === undefined);
      fake.token = 'changed';
      fake.publish(snapshotOf('2', ['http://a:1']));
      await until('it was logged', () => router.log.some((line) => line.includes('token')));
      expect(router.gateway.notReady()).toBeUndefined(); // it worked once: polls and health checks go on
    }
    await using restarted = startGatewayClient(folder, inMemory(fake));
    await until('the client says why it is not ready', () => restarted.gateway.notReady() !== undefined);
    expect(restarted.gateway.notReady()).toMatch(/router\.gatewayserver_token/);
    fake.token = undefined;
    await until('the client is ready', () => restarted.gateway.notReady() === undefined);
  });

  test('a damaged state file does not stop the start', async () => {
    await writeFile(join(folder, 'state.json'), '{"version":1,"refusal');
    const fake = fakeGatewayserver();
    fake.publish(snapshotOf('1', ['http://a:1']));
    await using router = startGatewayClient(folder, inMemory(fake));
    expect(router.gateway.notReady()).toBeDefined();
    await until('the client is ready', () => router.gateway.notReady() === undefined);
    await until('the state file has the backend', async () =>
      (await readFile(join(folder, 'state.json'), 'utf8')).includes('http://a:1'),
    );
  });

  test('a new query waits as long as configured, and then fails as unavailable', async () => {
    using transport = nobody();
    await using router = startGatewayClient(folder, transport, { gatewayserverWaitMs: 300 });
    const began = performance.now();
    await expect(router.gateway.route(routeRequest, never)).rejects.toBeInstanceOf(GatewayUnavailableError);
    expect(performance.now() - began).toBeGreaterThan(100);
  });

  test('a hang-up of the client ends the wait', async () => {
    using transport = nobody();
    await using router = startGatewayClient(folder, transport, { gatewayserverWaitMs: 60_000 });
    const hangUp = new AbortController();
    const routed = router.gateway.route(routeRequest, hangUp.signal);
    setImmediate(() => hangUp.abort(new Error('gone')));
    await expect(routed).rejects.toThrow('gone');
  });

  test('a query submitted while the gatewayserver restarts goes on when it is back, and so does the watch', async () => {
    const fake = fakeGatewayserver();
    fake.publish(snapshotOf('1', ['http://a:1']));
    const first = await serveFake(fake);
    using transport = createGatewayTransport({ urls: [first.url], timeLimitMs: 2_000 });
    await using router = startGatewayClient(folder, transport, { gatewayserverWaitMs: 20_000 });
    await until('the client is ready', () => router.gateway.notReady() === undefined);
    await first[Symbol.asyncDispose]();
    const routed = router.gateway.route(routeRequest, never);
    await until('it was logged', () => router.log.some((line) => line.includes('does not answer')));
    await using _again = await serveFake(fake, first.port);
    expect((await routed).decision?.backendId).toBe('a');
    fake.publish(snapshotOf('2', ['http://a:1', 'http://b:1']));
    await until('the configuration has come', () => router.gateway.backends().size === 2);
    expect(router.log.at(-1)).toBe('info the gatewayserver answers again');
  });

  test('another replica answers when the first is gone', async () => {
    const fake = fakeGatewayserver();
    fake.publish(snapshotOf('1', ['http://a:1']));
    await using server = await serveFake(fake);
    using transport = createGatewayTransport({ urls: ['http://127.0.0.1:1', server.url], timeLimitMs: 2_000 });
    await using router = startGatewayClient(folder, transport);
    const answers = await Promise.all(Array.from({ length: 9 }, () => router.gateway.route(routeRequest, never)));
    expect(answers.map((answer) => answer.decision?.backendId)).toEqual(Array(9).fill('a'));
  });
});
