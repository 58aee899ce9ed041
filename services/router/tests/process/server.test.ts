import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { create, type MessageInitShape } from '@bufbuild/protobuf';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { Query_State, RouteResponseSchema } from '@trino-gateway/api/gateway';
import { loadConfig, type RouterConfig } from '@trino-gateway/config';
import { silentLogger } from '@trino-gateway/runtime';
import { startScriptedTrino } from '@trino-gateway/testing';
import { until } from '@trino-gateway/testing/processes/until';
import { startRouter } from '../../src/server.ts';
import { fakeGatewayserver, serveFake, snapshotOf } from '../support/fake-gatewayserver.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'router-'));
});
afterEach(() => rm(folder, { recursive: true }));

function configOf(gatewayserver: string, values: Record<string, string> = {}): RouterConfig {
  const router = {
    listen: '127.0.0.1:0',
    ops_listen: '127.0.0.1:0',
    gatewayserver_url: gatewayserver,
    state_file: join(folder, 'state.json'),
    ...values,
  };
  return loadConfig({ file: { name: 'test', text: JSON.stringify({ router }) }, env: {}, readSecret: () => '' }).router;
}

type Page = { id: string; nextUri?: string; data?: unknown[][]; error?: { errorName: string; message: string } };

const submit = async (url: string, statement = 'SELECT 1'): Promise<Page> => {
  const answer = await fetch(`${url}/v1/statement`, {
    method: 'POST',
    body: statement,
    headers: { 'X-Trino-User': 'ann' },
  });
  expect(answer.status).toBe(200);
  return (await answer.json()) as Page;
};

/** Polls to the end, each poll through `through`: what a balancer in front of several routers does. */
async function finish(first: Page, through: (nextUri: string) => string = (nextUri) => nextUri): Promise<Page> {
  let page = first;
  const rows: unknown[][] = [];
  while (page.nextUri !== undefined) {
    page = (await (await fetch(through(page.nextUri))).json()) as Page;
    rows.push(...(page.data ?? []));
  }
  return { ...page, data: rows };
}

const readiness = async (opsUrl: string) => {
  const answer = await fetch(`${opsUrl}/readyz`);
  return `${answer.status} ${(await answer.text()).trim()}`;
};

test('a router whose stop is announced is not ready, and takes queries on', async () => {
  await using trino = await startScriptedTrino();
  const fake = fakeGatewayserver();
  fake.publish(snapshotOf('1', [trino.url]));
  await using gatewayserver = await serveFake(fake);
  await using router = await startRouter(configOf(gatewayserver.url), silentLogger);
  await until('the router is ready', async () => (await readiness(router.opsUrl)).startsWith('200'));
  router.announceStop();
  expect(await readiness(router.opsUrl)).toBe('503 stopping');
  expect((await finish(await submit(router.urls[0] ?? ''))).data).toHaveLength(1);
});

test('a query runs, is counted while it lives, and reaches history', async () => {
  await using trino = await startScriptedTrino();
  const fake = fakeGatewayserver();
  fake.publish(snapshotOf('1', [trino.url]));
  await using gatewayserver = await serveFake(fake);
  await using router = await startRouter(
    configOf(gatewayserver.url, { listen: '127.0.0.1:0,127.0.0.1:0' }),
    silentLogger,
  );
  expect(router.urls).toHaveLength(2);
  expect(router.readyLine).toBe(`router ready on ${router.urls.join(', ')}`);
  await until('the router is ready', async () => (await readiness(router.opsUrl)).startsWith('200'));

  const page = await submit(router.urls[1] ?? '');
  expect(fake.routed[0]?.listeningPort).toBe(Number(new URL(router.urls[1] ?? '').port));
  await until('the live query is reported', () =>
    fake.reports.some(({ counts }) => counts.some(({ backendId, live }) => backendId === 'a' && live === 1)),
  );
  expect(fake.incarnations).toHaveLength(1);
  const { data, error } = await finish(page);
  expect(error).toBeUndefined();
  expect(data).toEqual([[1]]);
  await until('history has it', () => fake.recorded.some(({ state }) => state === Query_State.FINISHED));
  expect(fake.recorded.some(({ text, user }) => text === 'SELECT 1' && user === 'ann')).toBe(true);
  const settled = () => fake.reports.flatMap(({ settledSubmissionIds }) => settledSubmissionIds);
  await until('the submission is settled', () => settled().includes(fake.routed[0]?.submissionId ?? ''));
  const metrics = await (await fetch(`${router.opsUrl}/metrics`)).text();
  expect(metrics).toMatch(/^trino_gateway_router_requests_total\{listener="\d+",kind="submit",code="200"\} 1$/m);
  expect(metrics).toMatch(/^trino_gateway_router_requests_total\{listener="\d+",kind="poll",code="200"\} [2-9]$/m);
  expect(metrics).toMatch(
    /^trino_gateway_router_submissions_total\{listener="\d+",group="g",result="handed_over"\} 1$/m,
  );
  expect(metrics).toMatch(/^trino_gateway_router_route_seconds_count 1$/m);
  expect(metrics).toMatch(/^trino_gateway_router_snapshot_age_seconds [0-9.]+$/m);
});

test('a router without gatewayserver and state file says so, makes queries wait, and works once it is there', async () => {
  await using trino = await startScriptedTrino();
  const fake = fakeGatewayserver();
  fake.publish(snapshotOf('1', [trino.url]));
  const reserved = await serveFake(fake);
  await reserved[Symbol.asyncDispose]();
  await using router = await startRouter(configOf(reserved.url, { gatewayserver_wait: '30s' }), silentLogger);
  expect(await readiness(router.opsUrl)).toMatch(/^503 .*gatewayserver/);
  expect(await (await fetch(`${router.opsUrl}/metrics`)).text()).not.toMatch(
    /^trino_gateway_router_snapshot_age_seconds /m,
  );
  const waiting = submit(router.urls[0] ?? '');
  await using _gatewayserver = await serveFake(fake, reserved.port);
  expect((await finish(await waiting)).data).toEqual([[1]]);
  await until('the router is ready', async () => (await readiness(router.opsUrl)).startsWith('200'));
});

test('polls go on while the gatewayserver is down, also through a router that has just restarted', async () => {
  await using trino = await startScriptedTrino();
  const fake = fakeGatewayserver();
  fake.publish(snapshotOf('1', [trino.url]));
  const gatewayserver = await serveFake(fake);
  let page: Page;
  {
    await using router = await startRouter(configOf(gatewayserver.url), silentLogger);
    await until('the router is ready', async () => (await readiness(router.opsUrl)).startsWith('200'));
    page = await submit(router.urls[0] ?? '');
    await gatewayserver[Symbol.asyncDispose]();
  }
  const config = configOf(gatewayserver.url, { gatewayserver_wait: '100ms' });
  await using router = await startRouter(config, silentLogger);
  const through = (nextUri: string) => `${router.urls[0]}${new URL(nextUri).pathname}`;
  expect(await readiness(router.opsUrl)).toMatch(/^200 ready: the gatewayserver does not answer/);
  expect((await finish(page, through)).data).toEqual([[1]]);
  const refused = await finish(await submit(router.urls[0] ?? ''));
  expect(refused.error?.message).toMatch(/gateway/i);
});

test('router replicas answer each other’s polls and refusals', async () => {
  await using trino = await startScriptedTrino();
  const fake = fakeGatewayserver();
  fake.publish(snapshotOf('1', [trino.url]));
  await using gatewayserver = await serveFake(fake);
  const configs = ['a', 'b'].map((name) => configOf(gatewayserver.url, { state_file: join(folder, name) }));
  await using one = await startRouter(configs[0] as RouterConfig, silentLogger);
  await using other = await startRouter(configs[1] as RouterConfig, silentLogger);
  for (const { opsUrl } of [one, other])
    await until('the router is ready', async () => (await readiness(opsUrl)).startsWith('200'));
  const swap = (nextUri: string) => `${other.urls[0]}${new URL(nextUri).pathname}`;
  expect((await finish(await submit(one.urls[0] ?? ''), swap)).data).toEqual([[1]]);

  fake.onRoute = () =>
    create(RouteResponseSchema, { refusal: 'the group is empty', refusalErrorName: 'QUERY_REJECTED' });
  const page = await submit(one.urls[0] ?? '');
  expect(page.error).toBeUndefined();
  const link = page.nextUri ?? '';
  const refused = await finish(page, swap);
  expect(refused).toMatchObject({ id: page.id, error: { errorName: 'QUERY_REJECTED', message: 'the group is empty' } });
  expect(await (await fetch(swap(link))).text()).toBe(await (await fetch(swap(link))).text());
  expect((await fetch(swap(link), { method: 'DELETE' })).status).toBe(204);
  expect((await fetch(swap(link).replace(/\.[^./]{4}([^./]+\/1)$/, '.AAAA$1'))).status).toBe(404);
});

test('a stop ends answers under way and stores the last reports', async () => {
  await using trino = await startScriptedTrino();
  const fake = fakeGatewayserver();
  fake.publish(snapshotOf('1', [trino.url]));
  await using gatewayserver = await serveFake(fake);
  const router = await startRouter(configOf(gatewayserver.url), silentLogger);
  await until('the router is ready', async () => (await readiness(router.opsUrl)).startsWith('200'));
  const page = await submit(router.urls[0] ?? '');
  const began = performance.now();
  await router[Symbol.asyncDispose]();
  expect(performance.now() - began).toBeLessThan(9_000);
  expect(fake.recorded.map(({ id }) => id)).toContain(page.id);
  await expect(fetch(router.urls[0] ?? '')).rejects.toThrow();
});

test('a taken port is named with its key, and nothing stays bound', async () => {
  const fake = fakeGatewayserver();
  await using gatewayserver = await serveFake(fake);
  const taken = `127.0.0.1:${gatewayserver.port}`;
  await expect(startRouter(configOf(gatewayserver.url, { listen: taken }), silentLogger)).rejects.toThrow(
    `router.listen: cannot listen on ${taken}: the port is taken`,
  );
  await expect(startRouter(configOf(gatewayserver.url, { ops_listen: taken }), silentLogger)).rejects.toThrow(
    `router.ops_listen: cannot listen on ${taken}: the port is taken`,
  );
  await until('no watch is held', () => fake.watches.held === 0);
});

test('a query waits at one router, goes on at another while the first stops, and its slot is free when it ends', async () => {
  await using trino = await startScriptedTrino();
  const fake = fakeGatewayserver();
  fake.admission.slots.a = 1;
  fake.admission.leases.set('other', { backendId: 'a', queryId: 'other', running: true });
  fake.onRoute = (request) =>
    create(RouteResponseSchema, fake.admission.route(request) as MessageInitShape<typeof RouteResponseSchema>);
  const snapshot = snapshotOf('1', [trino.url]);
  fake.publish({ ...snapshot, backends: snapshot.backends.map((backend) => ({ ...backend, limited: true })) });
  await using gatewayserver = await serveFake(fake);
  const stopped = await startRouter(configOf(gatewayserver.url), silentLogger);
  await using second = await startRouter(
    configOf(gatewayserver.url, { state_file: join(folder, 'second.json') }),
    silentLogger,
  );
  await until('the router is ready', async () => (await readiness(stopped.opsUrl)).startsWith('200'));
  await until('the router is ready', async () => (await readiness(second.opsUrl)).startsWith('200'));
  const metricsOf = async (opsUrl: string) => await (await fetch(`${opsUrl}/metrics`)).text();
  const first = await submit(stopped.urls[0] ?? '');
  const later = (await (await fetch(first.nextUri ?? '')).json()) as Page;
  const held = fetch(later.nextUri ?? '');
  await until('the poll is held', async () =>
    /^trino_gateway_router_held_polls 1$/m.test(await metricsOf(stopped.opsUrl)),
  );
  expect(await metricsOf(stopped.opsUrl)).toMatch(/^trino_gateway_router_queued_pages_total 1$/m);
  const stop = stopped[Symbol.asyncDispose]();
  const last = (await (await held).json()) as Page;
  expect(last).toMatchObject({ id: first.id, stats: { state: 'QUEUED' } });
  await stop;

  const atSecond = (link: string) => (second.urls[0] ?? '') + new URL(link).pathname;
  const polling = finish(last, atSecond);
  await until('the poll is held', async () =>
    /^trino_gateway_router_held_polls 1$/m.test(await metricsOf(second.opsUrl)),
  );
  fake.admission.link.settle('other');
  expect((await polling).data).toEqual([[1]]);
  await until('the slot is free', () => fake.admission.leases.size === 0);
  expect(trino.queries).toHaveLength(1);
  const metrics = await metricsOf(second.opsUrl);
  expect(metrics).toMatch(/^trino_gateway_router_hand_overs_total\{group="g",result="handed_over"\} 1$/m);
  await until('history has it', () =>
    fake.recorded.some(({ id, trinoQueryId }) => id === first.id && trinoQueryId !== ''),
  );
});
