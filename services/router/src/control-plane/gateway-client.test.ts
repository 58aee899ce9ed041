import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { create } from '@bufbuild/protobuf';
import { Code, ConnectError, createRouterTransport, type Transport } from '@connectrpc/connect';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import {
  Backend_Forwarding,
  RouteResponseSchema,
  Backend_ForwardedHeaders as Setting,
} from '@trino-gateway/api/gateway';
import { createGatewayTransport, silentLogger } from '@trino-gateway/runtime';
import {
  type FakeGatewayserver,
  fakeGatewayserver,
  refusalKey,
  serveFake,
  snapshotOf,
  until,
} from '../../tests/support/fake-gatewayserver.ts';
import { createOwnership } from '../stickiness/ownership.ts';
import { createGatewayLink, type GatewayLinkOptions } from './gateway-client.ts';
import { GatewayUnavailableError } from './retry-unreachable.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'router-link-'));
});
afterEach(() => rm(folder, { recursive: true }));

const FAST = {
  watchWaitMs: 1_000,
  watchPauses: { firstMs: 10, longestMs: 50 },
  reportIntervalMs: 10,
  usedSuffixesIntervalMs: 0,
};
const request = {
  submissionId: 's1',
  listeningPort: 8080,
  host: 'gw',
  headers: [],
  statement: 'SELECT 1',
  user: 'ann',
  clientIp: '192.0.2.1',
  excludedBackendIds: [],
  avoidedBackendIds: [],
  boundBackendId: '',
};
const never = new AbortController().signal;

function inMemory(fake: FakeGatewayserver): Transport {
  return createRouterTransport(fake.routes);
}

function startLink(transport: Transport, options: Partial<GatewayLinkOptions> = {}) {
  const ownership = createOwnership();
  const live = new Map<string, number>();
  const log: string[] = [];
  const logger = {
    ...silentLogger,
    warn: (line: string) => void log.push(`warn ${line}`),
    info: (line: string) => void log.push(`info ${line}`),
  };
  const link = createGatewayLink({
    transport,
    routerId: 'r1',
    gatewayserverWaitMs: 5_000,
    stateFile: join(folder, 'state.json'),
    hasToken: false,
    ownership,
    liveCounts: () => live,
    logger,
    timings: FAST,
    ...options,
  });
  return { link, ownership, live, log, [Symbol.asyncDispose]: () => link[Symbol.asyncDispose]() };
}

describe('the snapshot', () => {
  test('arrives at once, and a change without waiting for the next poll', async () => {
    const fake = fakeGatewayserver();
    fake.publish(snapshotOf('1', ['http://a:1']));
    await using router = startLink(inMemory(fake), { timings: { ...FAST, watchWaitMs: 30_000 } });
    await until(() => router.link.notReady() === undefined);
    expect(router.link.refusalKey()?.export()).toEqual(Buffer.from(refusalKey));
    expect(router.link.snapshotAgeMs()).toBeGreaterThanOrEqual(0);
    await until(() => fake.watches.held === 1);
    fake.publish(snapshotOf('2', ['http://a:1', 'http://b:1']));
    await until(() => router.link.backends().size === 2);
    expect(router.ownership.candidates()).toHaveLength(2);
    expect(fake.watches.mostHeld).toBe(1);
  });

  test('is not asked for in a tight loop by a gatewayserver that does not hold the watch', async () => {
    const fake = fakeGatewayserver();
    fake.publish(snapshotOf('1', ['http://a:1']));
    await using router = startLink(inMemory(fake), { timings: { ...FAST, watchWaitMs: 0 } });
    await until(() => router.link.notReady() === undefined);
    const asked = fake.watches.asked;
    const began = performance.now();
    await until(() => fake.watches.asked >= asked + 3);
    expect(performance.now() - began).toBeGreaterThan(150);
  });

  test('of a gatewayserver that refuses the token never comes, and the reason is said once', async () => {
    const fake = fakeGatewayserver();
    fake.publish(snapshotOf('1', ['http://a:1']));
    fake.token = 'right';
    await using without = startLink(inMemory(fake));
    await until(() => without.link.notReady()?.includes('set router.gatewayserver_token') === true);
    await using wrong = startLink(inMemory(fake), { hasToken: true, stateFile: join(folder, 'other.json') });
    await until(() => wrong.link.notReady()?.includes('refuses router.gatewayserver_token') === true);
    expect(wrong.log).toHaveLength(1);
    await expect(wrong.link.route(request, never)).rejects.toMatchObject({ code: Code.Unauthenticated });
    fake.token = undefined;
    await until(() => wrong.link.notReady() === undefined);
    expect(wrong.log).toHaveLength(2);
  });
});

describe('without a gatewayserver', () => {
  const nobody = () => createGatewayTransport({ urls: ['http://127.0.0.1:1'], timeLimitMs: 500 });

  test('a router that never had a snapshot says that it is of no use, and why', async () => {
    using transport = nobody();
    await using router = startLink(transport);
    await until(() => router.link.notReady()?.includes('router.gatewayserver_url') === true);
    expect(router.link.refusalKey()).toBeUndefined();
    expect(router.log).toHaveLength(1);
  });

  test('a restarted router serves polls from its state file, also of lives only it has seen', async () => {
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
      await using router = startLink(inMemory(fake), { timings: { ...FAST, recordLimitMs: 60_000 } });
      await until(() => router.link.notReady() === undefined);
      const owner = { backendId: 'a', url: 'http://a:1', forwardedHeaders: Setting.AUTO };
      router.ownership.learn('20261121_080808_00130_bbbbb', owner);
      await router.link.recordIncarnation({ suffix: 'bbbbb', ...owner });
      expect(await readFile(join(folder, 'state.json'), 'utf8')).toContain('bbbbb');
    }
    using transport = nobody();
    await using router = startLink(transport);
    expect(router.link.notReady()).toBeUndefined();
    expect(router.link.refusalKey()?.export()).toEqual(Buffer.from(refusalKey));
    expect([...router.link.backends().values()]).toMatchObject([backend]);
    expect(router.ownership.owners('20261121_080808_00130_aaaaa')).toHaveLength(1);
    expect(router.ownership.owners('20261121_080808_00130_bbbbb')).toHaveLength(1);
  });

  test('a router whose token never worked is of no use, whatever its state file says, and says so', async () => {
    const fake = fakeGatewayserver();
    fake.publish(snapshotOf('1', ['http://a:1']));
    {
      await using router = startLink(inMemory(fake));
      await until(() => router.link.notReady() === undefined);
      fake.token = 'changed';
      fake.publish(snapshotOf('2', ['http://a:1']));
      await until(() => router.log.some((line) => line.includes('token')));
      expect(router.link.notReady()).toBeUndefined(); // it worked once: polls and health checks go on
    }
    await using restarted = startLink(inMemory(fake));
    await until(() => restarted.link.notReady() !== undefined);
    expect(restarted.link.notReady()).toMatch(/router\.gatewayserver_token/);
    fake.token = undefined;
    await until(() => restarted.link.notReady() === undefined);
  });

  test('a damaged state file does not stop the start', async () => {
    await writeFile(join(folder, 'state.json'), '{"version":1,"refusal');
    const fake = fakeGatewayserver();
    fake.publish(snapshotOf('1', ['http://a:1']));
    await using router = startLink(inMemory(fake));
    expect(router.link.notReady()).toBeDefined();
    await until(() => router.link.notReady() === undefined);
    await until(async () => (await readFile(join(folder, 'state.json'), 'utf8')).includes('http://a:1'));
  });

  test('a new query waits as long as is configured, and is then refused by name', async () => {
    using transport = nobody();
    await using router = startLink(transport, { gatewayserverWaitMs: 300 });
    const began = performance.now();
    await expect(router.link.route(request, never)).rejects.toBeInstanceOf(GatewayUnavailableError);
    expect(performance.now() - began).toBeGreaterThan(100);
  });

  test('a client that hangs up ends the waiting', async () => {
    using transport = nobody();
    await using router = startLink(transport, { gatewayserverWaitMs: 60_000 });
    const hangUp = new AbortController();
    const routed = router.link.route(request, hangUp.signal);
    setImmediate(() => hangUp.abort(new Error('gone')));
    await expect(routed).rejects.toThrow('gone');
  });

  test('a query submitted while the gatewayserver restarts goes on when it is back, and so does the watch', async () => {
    const fake = fakeGatewayserver();
    fake.publish(snapshotOf('1', ['http://a:1']));
    const first = await serveFake(fake);
    using transport = createGatewayTransport({ urls: [first.url], timeLimitMs: 2_000 });
    await using router = startLink(transport, { gatewayserverWaitMs: 20_000 });
    await until(() => router.link.notReady() === undefined);
    await first[Symbol.asyncDispose]();
    const routed = router.link.route(request, never);
    await until(() => router.log.some((line) => line.includes('does not answer')));
    await using _again = await serveFake(fake, first.port);
    expect((await routed).decision?.backendId).toBe('a');
    fake.publish(snapshotOf('2', ['http://a:1', 'http://b:1']));
    await until(() => router.link.backends().size === 2);
    expect(router.log.at(-1)).toBe('info the gatewayserver answers again');
  });

  test('another replica answers when the first is gone', async () => {
    const fake = fakeGatewayserver();
    fake.publish(snapshotOf('1', ['http://a:1']));
    await using server = await serveFake(fake);
    using transport = createGatewayTransport({ urls: ['http://127.0.0.1:1', server.url], timeLimitMs: 2_000 });
    await using router = startLink(transport);
    const answers = await Promise.all(Array.from({ length: 9 }, () => router.link.route(request, never)));
    expect(answers.map((answer) => answer.decision?.backendId)).toEqual(Array(9).fill('a'));
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
    await using router = startLink(inMemory(fake), { onRouted: (ms) => durations.push(ms) });
    expect((await router.link.route(request, never)).refusal).toBe('no');
    expect(fake.routed.map(({ submissionId, routerId }) => [submissionId, routerId])).toEqual(
      Array(3).fill(['s1', 'r1']),
    );
    expect(durations).toHaveLength(1);
  });

  test('that fails by the gatewayserver’s own word is not asked for again', async () => {
    const fake = fakeGatewayserver();
    fake.onRoute = () => {
      throw new ConnectError('statement: too long', Code.InvalidArgument);
    };
    await using router = startLink(inMemory(fake));
    await expect(router.link.route(request, never)).rejects.toMatchObject({ code: Code.InvalidArgument });
    expect(fake.routed).toHaveLength(1);
  });
});

describe('what the router tells', () => {
  const life = { suffix: 'aaaaa', backendId: 'a', url: 'http://a:1', forwardedHeaders: Setting.AUTO };

  test('a new life is told until the gatewayserver has it, but holds up a client for no more than the limit', async () => {
    const fake = fakeGatewayserver();
    fake.publish(snapshotOf('1', ['http://a:1']));
    fake.token = 'x';
    await using router = startLink(inMemory(fake));
    await router.link.recordIncarnation(life);
    expect(fake.incarnations).toEqual([]);
    fake.token = undefined;
    await until(() => fake.incarnations.length === 1);
    expect(fake.incarnations[0]).toMatchObject({ suffix: 'aaaaa', backendId: 'a', url: 'http://a:1' });
  });

  test('a transaction is told until the gatewayserver has it, found there by any router, and then ended', async () => {
    const fake = fakeGatewayserver();
    fake.publish(snapshotOf('1', ['http://a:1']));
    const owner = { backendId: 'a', url: 'http://a:1', forwardedHeaders: Setting.AUTO };
    const never = new AbortController().signal;
    await using router = startLink(inMemory(fake));
    fake.token = 'x';
    await router.link.recordTransaction('t', owner);
    expect([...fake.transactions.keys()]).toEqual([]);
    fake.token = undefined;
    await until(() => fake.transactions.has('t'));
    expect(await router.link.findTransaction('t', never)).toEqual(owner);
    router.link.endTransaction('t');
    await until(() => fake.transactions.size === 0);
    expect(await router.link.findTransaction('t', never)).toBeUndefined();
  });

  test('a gatewayserver that hangs does not hold up the first query of a new life', async () => {
    const fake = fakeGatewayserver();
    const hung = Promise.withResolvers<never>();
    const transport = inMemory(fake);
    const hanging: Transport = {
      ...transport,
      unary: (method, ...rest) =>
        method.name === 'RecordIncarnation' ? hung.promise : transport.unary(method, ...rest),
    };
    await using router = startLink(hanging, { timings: { ...FAST, recordLimitMs: 50 } });
    await router.link.recordIncarnation(life);
    hung.reject(new ConnectError('stopped', Code.Unavailable));
    expect(fake.incarnations).toEqual([]);
  });

  test('live queries are reported while there are any, and once more when there are none', async () => {
    const fake = fakeGatewayserver();
    fake.publish(snapshotOf('1', ['http://a:1']));
    await using router = startLink(inMemory(fake));
    await until(() => router.link.notReady() === undefined);
    expect(fake.reports).toEqual([]);
    router.live.set('a', 2);
    await until(() => fake.reports.length >= 2);
    expect(fake.reports[0]).toMatchObject({ routerId: 'r1', counts: [{ backendId: 'a', live: 2 }] });
    router.live.clear();
    await until(() => fake.reports.at(-1)?.counts.length === 0);
    const { length } = fake.reports;
    router.link.settle('s1');
    router.ownership.learn('20261121_080808_00130_aaaaa', {
      backendId: 'a',
      url: 'http://a:1',
      forwardedHeaders: Setting.AUTO,
    });
    router.ownership.owners('20261121_080808_00130_aaaaa');
    await until(() => fake.reports.length > length);
    const later = fake.reports.slice(length);
    expect(later.flatMap(({ settledSubmissionIds }) => settledSubmissionIds)).toEqual(['s1']);
    await until(() => fake.reports.some(({ usedSuffixes }) => usedSuffixes.includes('aaaaa')));
  });

  test('settled submissions are told again when the report failed', async () => {
    const fake = fakeGatewayserver();
    fake.publish(snapshotOf('1', ['http://a:1']));
    fake.token = 'x';
    await using router = startLink(inMemory(fake));
    router.link.settle('s1');
    await until(() => router.log.length > 0);
    router.link.settle('s2');
    fake.token = undefined;
    await until(() => fake.reports.flatMap(({ settledSubmissionIds }) => settledSubmissionIds).length === 2);
    expect(fake.reports.flatMap(({ settledSubmissionIds }) => settledSubmissionIds)).toEqual(['s1', 's2']);
  });
});
