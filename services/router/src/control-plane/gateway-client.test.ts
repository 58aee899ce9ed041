import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { create } from '@bufbuild/protobuf';
import { Code, ConnectError } from '@connectrpc/connect';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { RouteResponseSchema } from '@trino-gateway/api/gateway';
import { until } from '@trino-gateway/testing/processes/until';
import { fakeGatewayserver, refusalKey, snapshotOf } from '../../tests/support/fake-gatewayserver.ts';
import { FAST, inMemory, routeRequest, startGatewayClient } from '../../tests/support/start-gateway-client.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'router-gateway-'));
});
afterEach(() => rm(folder, { recursive: true }));
const never = new AbortController().signal;

describe('the snapshot', () => {
  test('arrives at once, and a change without waiting for the next poll', async () => {
    const fake = fakeGatewayserver();
    fake.publish(snapshotOf('1', ['http://a:1']));
    await using router = startGatewayClient(folder, inMemory(fake), { timings: { ...FAST, watchWaitMs: 30_000 } });
    await until('the client is ready', () => router.gateway.notReady() === undefined);
    expect(router.gateway.signingKey()?.export()).toEqual(Buffer.from(refusalKey));
    expect(router.gateway.snapshotAgeMs()).toBeGreaterThanOrEqual(0);
    await until('the watch is there', () => fake.watches.held === 1);
    fake.publish(snapshotOf('2', ['http://a:1', 'http://b:1']));
    await until('the configuration has come', () => router.gateway.backends().size === 2);
    expect(router.ownership.candidates()).toHaveLength(2);
    expect(fake.watches.mostHeld).toBe(1);
  });

  test('is not asked for in a tight loop when the gatewayserver does not hold the watch', async () => {
    const fake = fakeGatewayserver();
    fake.publish(snapshotOf('1', ['http://a:1']));
    await using router = startGatewayClient(folder, inMemory(fake), { timings: { ...FAST, watchWaitMs: 0 } });
    await until('the client is ready', () => router.gateway.notReady() === undefined);
    const asked = fake.watches.asked;
    const began = performance.now();
    await until('the watch is there', () => fake.watches.asked >= asked + 3);
    expect(performance.now() - began).toBeGreaterThan(150);
  });

  test('does not come from a gatewayserver that refuses the token, and the reason is logged once', async () => {
    const fake = fakeGatewayserver();
    fake.publish(snapshotOf('1', ['http://a:1']));
    fake.token = 'right';
    await using without = startGatewayClient(folder, inMemory(fake));
    await until(
      'the client is ready',
      () => without.gateway.notReady()?.includes('set router.gatewayserver_token') === true,
    );
    await using wrong = startGatewayClient(folder, inMemory(fake), {
      hasToken: true,
      stateFile: join(folder, 'other.json'),
    });
    await until(
      'the client is ready',
      () => wrong.gateway.notReady()?.includes('refuses router.gatewayserver_token') === true,
    );
    expect(wrong.log).toHaveLength(1);
    await expect(wrong.gateway.route(routeRequest, never)).rejects.toMatchObject({ code: Code.Unauthenticated });
    fake.token = undefined;
    await until('the client is ready', () => wrong.gateway.notReady() === undefined);
    expect(wrong.log).toHaveLength(2);
  });
});

describe('a decision', () => {
  test('is asked for again under the same submission id when the answer was lost', async () => {
    const fake = fakeGatewayserver();
    fake.publish(snapshotOf('1', ['http://a:1']));
    let failures = 2;
    fake.onRoute = () => {
      if (failures-- > 0) throw new ConnectError('restarting', Code.Unavailable);
      return create(RouteResponseSchema, { refusal: 'no' });
    };
    const durations: number[] = [];
    await using router = startGatewayClient(folder, inMemory(fake), { onRouted: (ms) => durations.push(ms) });
    expect((await router.gateway.route(routeRequest, never)).refusal).toBe('no');
    expect(fake.routed.map(({ submissionId, routerId }) => [submissionId, routerId])).toEqual(
      Array(3).fill(['s1', 'r1']),
    );
    expect(durations).toHaveLength(1);
  });

  test('that the gatewayserver itself refuses is not asked for again', async () => {
    const fake = fakeGatewayserver();
    fake.onRoute = () => {
      throw new ConnectError('statement: too long', Code.InvalidArgument);
    };
    await using router = startGatewayClient(folder, inMemory(fake));
    await expect(router.gateway.route(routeRequest, never)).rejects.toMatchObject({ code: Code.InvalidArgument });
    expect(fake.routed).toHaveLength(1);
  });
});
