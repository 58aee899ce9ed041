import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { reportStatus, serverWithTwoBackends } from '../support/two-backends.ts';

const server = serverWithTwoBackends({ DEFAULT_GROUP: 'both', OUTAGE_WAIT: '0s' });
let number = 0;
let submission = 0;

type Seen = { backendId?: string; url?: string; failures?: number; failingForMs?: number; failedAgoMs?: number };
/** What a router tells; it began a moment ago unless told otherwise. */
const tell = (routerId: string, seen: Seen & { reachedAgoMs?: number; coordinatorId?: string }) => {
  number += 1;
  const connection = {
    backendId: 'one',
    url: 'http://127.0.0.1:1001',
    reason: 'cannot connect (ECONNREFUSED)',
    ...seen,
  };
  return server.ok('SuiteService/ReportConnections', { routerId, number, connections: [connection] });
};
// Since now: the probe that a test begins with may have passed a millisecond ago.
const failing = { failures: 3, failingForMs: 0, failedAgoMs: 0 };

const condition = async () =>
  (await server.get('BackendService/GetBackend', { id: 'one' })).body.condition as {
    available?: boolean;
    reasons?: string[];
    doubted?: boolean;
    failingConnections?: { routerId: string }[];
  };
const route = async (more: object = {}): Promise<string> => {
  submission += 1;
  const request = { submissionId: `s${submission}`, routerId: 'r', statement: 'SELECT 1', user: 'u', ...more };
  const { decision, refusal } = await server.ok('RoutingService/Route', request);
  return (decision as { backendId?: string } | undefined)?.backendId ?? String(refusal);
};
const passes = async () => {
  await new Promise((resolve) => setTimeout(resolve, 2));
  await reportStatus(server, 'one');
};

beforeEach(async () => {
  for (const id of ['one', 'two'])
    await reportStatus(server, id, { observedAt: new Date(Date.now() - 1).toISOString() });
});
// Nobody has anything to say any more.
afterEach(async () => {
  for (const router of ['r1', 'r2', 'r3']) await tell(router, { failures: 0 });
});

describe('a backend that routers cannot connect to', () => {
  test('takes no new queries of any router, at once, and operators see why', async () => {
    await tell('r1', failing);
    expect(await condition()).toMatchObject({
      reasons: ['routers cannot connect to it: cannot connect (ECONNREFUSED)'],
      doubted: true,
      failingConnections: [{ routerId: 'r1', failures: 3 }],
    });
    expect((await condition()).available).toBeUndefined();
    expect(new Set([await route(), await route(), await route()])).toEqual(new Set(['two']));
    const alone = await route({ excludedBackendIds: ['two'] });
    expect(alone).toContain('one: routers cannot connect to it');
    expect(alone).not.toContain('ECONNREFUSED');
  });

  test('is probed at once, and routers are asked to tell when they reach it', async () => {
    await tell('r1', { ...failing, failures: 1 });
    const { backends } = await server.ok('SuiteService/WatchBackends');
    expect(backends).toContainEqual(expect.objectContaining({ id: 'one', condition: { doubted: true } }));
    expect(await server.ok('SuiteService/WatchSnapshot')).toMatchObject({ doubtedBackendIds: ['one'] });
    expect((await condition()).available).toBe(true);
    await reportStatus(server, 'one', { state: 'UNREACHABLE', healthy: true, reason: 'refused; 1 of 2 failures' });
    expect((await condition()).reasons).toEqual(['routers cannot connect to it: cannot connect (ECONNREFUSED)']);
  });

  test('comes back through one query', async () => {
    await tell('r1', { ...failing, failingForMs: 3_000, failedAgoMs: 2_000 });
    await passes();
    expect(await condition()).toMatchObject({ available: true });
    const alone = { excludedBackendIds: ['two'] };
    expect(await route(alone)).toBe('one');
    expect(await route(alone)).toContain('one: it comes back, and one query is trying it');
    expect(new Set([await route(), await route()])).toEqual(new Set(['two']));
    await tell('r2', { failures: 0, reachedAgoMs: 0 });
    expect(await route(alone)).toBe('one');
    expect(await route(alone)).toBe('one');
  });

  test('is tried a second after the last query that tried in vain', async () => {
    await tell('r1', { failures: 4, failingForMs: 100, failedAgoMs: 0 });
    await passes();
    const alone = { excludedBackendIds: ['two'] };
    expect(await route(alone)).toContain('one query is trying it');
    await new Promise((resolve) => setTimeout(resolve, 1_020));
    expect(await route(alone)).toBe('one');
  });

  test('stays what its administrator made of it', async () => {
    await server.ok('BackendService/DrainBackend', { id: 'one' });
    await tell('r1', failing);
    expect((await condition()).reasons).toEqual([
      'it is draining',
      'routers cannot connect to it: cannot connect (ECONNREFUSED)',
    ]);
    await tell('r2', { failures: 0, reachedAgoMs: 0 });
    expect((await condition()).reasons).toEqual(['it is draining']);
    await server.ok('BackendService/EnableBackend', { id: 'one' });
  });

  test('takes queries while an operator marks it healthy', async () => {
    await tell('r1', failing);
    await server.ok('BackendService/MarkHealthy', { id: 'one', durationMs: 60_000 });
    expect(await condition()).toMatchObject({ available: true });
    expect(await route({ excludedBackendIds: ['two'] })).toBe('one');
    await server.ok('BackendService/MarkHealthy', { id: 'one', durationMs: 1 });
  });
});

describe('a word of a router', () => {
  test('that another one contradicts counts no more, however often it is repeated', async () => {
    await tell('r1', failing);
    await tell('r2', { failures: 0, reachedAgoMs: 0 });
    await tell('r1', { ...failing, failures: 99, failingForMs: 1_000 });
    expect(await condition()).toMatchObject({ available: true });
  });

  test('about another address, an unknown backend, or that comes late, changes nothing', async () => {
    await tell('r1', { ...failing, url: 'http://127.0.0.1:9' });
    await tell('r1', { ...failing, backendId: 'unknown' });
    const connections = [{ backendId: 'one', url: 'http://127.0.0.1:1001', ...failing }];
    await tell('r3', { failures: 0, reachedAgoMs: 0 });
    await server.ok('SuiteService/ReportConnections', { routerId: 'r3', number: 1, connections });
    expect(await condition()).toMatchObject({ available: true });
  });

  test.each<[string, object]>([
    ['router_id', { connections: [] }],
    ['connections[0].backend_id', { routerId: 'r', connections: [{ failures: 1 }] }],
    ['connections[0].failures', { routerId: 'r', connections: [{ backendId: 'one', failures: -1 }] }],
    [
      'connections[0].failing_for_ms',
      { routerId: 'r', connections: [{ backendId: 'one', failures: 1, failingForMs: -1 }] },
    ],
    ['connections[0].reached_ago_ms', { routerId: 'r', connections: [{ backendId: 'one', reachedAgoMs: -5 }] }],
    ['connections', { routerId: 'r', connections: Array.from({ length: 501 }, () => ({ backendId: 'one' })) }],
  ])('is refused where %s is wrong', async (field, request) => {
    const { status, body } = await server.post('SuiteService/ReportConnections', { number: 1, ...request });
    expect([status, String(body.message)]).toEqual([400, expect.stringContaining(`${field}: `)]);
  });
});
