import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { silentLogger } from '@trino-gateway/runtime';
import { startTestGatewayserver, type TestGatewayserver, until } from '../support/gatewayserver-fixture.ts';

const SUFFIX = 'abcde';
const QUERY = `20261121_080808_00001_${SUFFIX}`;

let server: TestGatewayserver;
/** What the router and the monitor tell, each time they do. */
let live: Record<string, unknown>[] = [];
let listed: string[] = [];
const stop = new AbortController();
const speaking: Promise<unknown>[] = [];

/** A router that reports, and a monitor that asks the cluster, both far more often than theirs do. */
async function speak(at: () => TestGatewayserver): Promise<void> {
  for (let number = 1; !stop.signal.aborted; number++) {
    const { drainsRevision = '0', drains = [] } = await at().ok('SuiteService/WatchSnapshot');
    await at().ok('SuiteService/ReportLiveQueries', {
      ...{ routerId: 'r', number: String(number), drainsRevision },
      drains: (drains as { backendId: string; coordinatorId: string }[]).map(({ backendId, coordinatorId }) => ({
        ...{ backendId, coordinatorId, live: live.length, queries: live },
      })),
    });
    await report(at(), 'b');
    await pause(100, undefined, { signal: stop.signal }).catch(() => undefined);
  }
}

function report(at: TestGatewayserver, backendId: string, suffix = SUFFIX): Promise<unknown> {
  const now = new Date().toISOString();
  const evidence = {
    ...{ coordinatorId: suffix, askedAt: now, ageMs: 0 },
    queries: { count: listed.length, ids: listed },
    transactions: { count: 0 },
  };
  const status = { backendId, state: 'UP', healthy: true, coordinatorId: suffix, observedAt: now, evidence };
  return at.post('BackendService/ReportBackendStatus', { status });
}

const rest = async (path: string) => {
  const answer = await fetch(`${server.url}/api/v1/${path}`);
  return { status: answer.status, body: (await answer.json()) as Record<string, unknown> };
};
const kinds = ({ body }: { body: Record<string, unknown> }) =>
  ((body.remaining ?? []) as { kind: string }[]).map(({ kind }) => kind);

beforeAll(async () => {
  server = await startTestGatewayserver();
  await server.ok('BackendService/PutBackend', { backend: { id: 'b', url: 'http://b' } });
  await server.ok('GroupService/PutGroup', { group: { id: 'g', backendIds: ['b'] } });
  await server.ok('PolicyService/PutPolicy', { policy: { id: 'p', host: 'h', groupId: 'g' } });
  speaking.push(speak(() => server));
}, 60_000);
afterAll(async () => {
  stop.abort();
  await Promise.allSettled(speaking);
  await server[Symbol.asyncDispose]();
});

const route = (submissionId: string, more = {}) =>
  server.ok('RoutingService/Route', { submissionId, routerId: 'r', host: 'h', statement: 'SELECT 1', ...more });

describe('the drain of a backend', () => {
  test('one that takes queries is not drained, and nothing begins', async () => {
    expect(await rest('backends/b:drained')).toMatchObject({
      status: 200,
      body: { backendId: 'b', remaining: [{ kind: 'UNKNOWN' }] },
    });
    expect(await server.ok('SuiteService/WatchSnapshot')).not.toHaveProperty('drains');
  });

  test('a bad wait is refused, and so is an unknown backend', async () => {
    expect((await rest('backends/b:drained?wait_ms=600001')).status).toBe(400);
    expect((await rest('backends/b:drained?wait_ms=-1')).status).toBe(400);
    expect((await rest('backends/nobody:drained')).status).toBe(404);
  });

  test('what runs there is told while it does', async () => {
    live = [{ id: QUERY, polled: true }];
    listed = [QUERY];
    await server.ok('BackendService/DrainBackend', { id: 'b' });
    const seen = await until(
      () => rest('backends/b:drained'),
      (answer) => kinds(answer).join() === 'RUNNING',
    );
    expect(seen.body).toMatchObject({ draining: true, coordinatorId: SUFFIX, remaining: [{ count: 1, text: QUERY }] });
    listed = [];
    live = [{ id: QUERY, polled: true, silentMs: 5_000 }];
    await until(
      () => rest('backends/b:drained'),
      (answer) => kinds(answer).join() === 'UNFETCHED',
    );
  }, 30_000);

  test('who waits is answered when nothing is left, with others who wait for the same; then it is sealed', async () => {
    const waits = [1, 2].map(() => rest('backends/b:drained?wait_ms=30000'));
    await pause(200);
    live = [];
    for (const { body } of await Promise.all(waits))
      expect(body).toEqual({ backendId: 'b', draining: true, drained: true, sealed: true, coordinatorId: SUFFIX });
    const { sealedSuffixes, drains } = await server.ok('SuiteService/WatchSnapshot');
    expect(sealedSuffixes).toEqual([SUFFIX]);
    expect(drains).toBeUndefined();
  }, 60_000);

  test('enabling does not unseal it: it says so, and gets neither fresh nor bound statements', async () => {
    const enabled = await server.ok('BackendService/EnableBackend', { id: 'b' });
    expect(enabled.condition).toMatchObject({
      sealed: true,
      reasons: ['it is sealed: a drain was proven; a restart of its coordinator ends that'],
    });
    expect(await route('s1')).toMatchObject({ refusalErrorName: 'NO_NODES_AVAILABLE' });
    expect(await route('s2', { boundBackendId: 'b' })).toMatchObject({ sealed: true });
    expect((await rest('backends/b:drained')).body).toMatchObject({ drained: true, sealed: true });
  });

  test('neither does another backend with its address, nor one with its coordinator', async () => {
    await server.ok('BackendService/PutBackend', { backend: { id: 'same', url: 'http://b' } });
    const marked = await server.ok('BackendService/MarkHealthy', { id: 'same' });
    expect(marked.condition).toMatchObject({ sealed: true });
    await server.ok('BackendService/PutBackend', { backend: { id: 'alias', url: 'http://alias' } });
    await report(server, 'alias');
    expect((await server.ok('BackendService/GetBackend', { id: 'alias' })).condition).toMatchObject({ sealed: true });
  });

  test('a backend that is deleted while somebody waits for it is not found any more', async () => {
    await server.ok('BackendService/PutBackend', { backend: { id: 'gone', url: 'http://gone', enabled: false } });
    const waiting = rest('backends/gone:drained?wait_ms=30000');
    await pause(200);
    await server.ok('BackendService/DeleteBackend', { id: 'gone' });
    expect((await waiting).status).toBe(404);
  });

  test('one that was never probed leaves unknown which incarnation it is', async () => {
    await server.ok('BackendService/PutBackend', { backend: { id: 'new', url: 'http://new', enabled: false } });
    const { body } = await rest('backends/new:drained');
    expect(body.remaining).toEqual([
      { kind: 'UNKNOWN', count: 1, text: 'which incarnation it is is not known: the monitor has not probed it yet' },
    ]);
    await server.ok('BackendService/DeleteBackend', { id: 'new' });
  });

  test('a restart of its coordinator unseals it', async () => {
    stop.abort();
    await Promise.allSettled(speaking);
    await report(server, 'b', 'fghij');
    expect((await server.ok('BackendService/GetBackend', { id: 'b' })).condition).not.toHaveProperty('sealed');
    expect(await route('s3')).toMatchObject({ decision: { backendId: 'b' } });
    expect((await rest('backends/b:drained')).body).not.toHaveProperty('drained');
  });

  test('who waits is answered when the process stops', async () => {
    await using other = await startTestGatewayserver({}, '', silentLogger);
    await other.ok('BackendService/PutBackend', { backend: { id: 'b', url: 'http://b', enabled: false } });
    const waiting = other.ok('BackendService/GetDrainStatus', { id: 'b', waitMs: 60_000 });
    await pause(200);
    await other[Symbol.asyncDispose]();
    expect(await waiting).toMatchObject({ draining: true, remaining: [{ kind: 'UNKNOWN' }] });
  });
});
