import { beforeAll, describe, expect, test } from '@jest/globals';
import { reportStatus, serverWithTwoBackends } from '../support/two-backends.ts';

const server = serverWithTwoBackends();
beforeAll(async () => {
  await server.ok('SuiteService/RecordIncarnation', { suffix: 'abcde', backendId: 'one', url: 'http://one' });
});

describe('between the processes', () => {
  test('a watch answers at once when the caller is behind, and when something changes', async () => {
    const { revision } = await server.ok('SuiteService/WatchSnapshot');
    const unchanged = await server.ok('SuiteService/WatchSnapshot', { revision, waitMs: 1 });
    expect(unchanged).toEqual({ revision });
    const held = server.ok('SuiteService/WatchSnapshot', { revision, waitMs: 30_000 });
    await server.ok('BackendService/PutBackend', { backend: { id: 'new', url: 'http://new' } });
    const changed = await held;
    expect(changed.revision).not.toBe(revision);
    expect(changed.backends).toContainEqual({
      id: 'new',
      url: 'http://new',
      forwardedHeaders: 'AUTO',
      forwarding: 'PROXY',
    });
    expect(Buffer.from(String(changed.refusalKey), 'base64')).toHaveLength(32);
    expect(changed.incarnations).toContainEqual(expect.objectContaining({ suffix: 'abcde', backendId: 'one' }));
  });

  test('an open transaction is found until it ends, and cannot be moved', async () => {
    const transaction = { id: '01234567-89ab-cdef-0123-456789abcdef', backendId: 'one', url: 'http://one:8080' };
    const { id } = transaction;
    const find = async () => (await server.post('SuiteService/FindTransaction', { id })).body;
    expect((await find()).code).toBe('not_found');
    await server.ok('SuiteService/RecordTransaction', { transaction });
    await server.ok('SuiteService/RecordTransaction', { transaction: { ...transaction, url: 'http://other:8080' } });
    expect(await find()).toEqual(transaction);
    await server.ok('SuiteService/EndTransaction', { id });
    await server.ok('SuiteService/EndTransaction', { id });
    expect((await find()).code).toBe('not_found');
    for (const bad of [{ id: 'T' }, { url: 'ftp://one' }, { backendId: 'no/id' }])
      expect(
        (await server.post('SuiteService/RecordTransaction', { transaction: { ...transaction, ...bad } })).body,
      ).toMatchObject({ code: 'invalid_argument', message: expect.stringContaining(`transaction.`) as unknown });
  });

  test('routers learn at once, and by decisions, that clients reach a cluster directly', async () => {
    const { revision } = await server.ok('SuiteService/WatchSnapshot');
    const held = server.ok('SuiteService/WatchSnapshot', { revision, waitMs: 30_000 });
    const direct = { url: 'http://direct', externalUrl: 'HTTPS://Direct.example:443/', forwarding: 'DIRECT' };
    const stored = { url: 'http://direct', externalUrl: 'https://direct.example', forwarding: 'DIRECT' };
    const put = await server.ok('BackendService/PutBackend', { backend: { id: 'direct', ...direct } });
    expect(put).toMatchObject(stored);
    const expected = { id: 'direct', forwardedHeaders: 'AUTO', ...stored };
    expect((await held).backends).toContainEqual(expected);
    await server.ok('GroupService/PutGroup', { group: { id: 'direct', backendIds: ['direct'] } });
    const policy = { id: 'direct', host: 'direct.example', groupId: 'direct' };
    await server.ok('PolicyService/PutPolicy', { policy });
    await reportStatus(server, 'direct');
    const asked = { submissionId: 'd1', routerId: 'r1', host: 'direct.example' };
    expect(await server.ok('RoutingService/Route', asked)).toMatchObject({ backend: expected });
    await server.ok('PolicyService/DeletePolicy', { id: 'direct' });
    await server.ok('GroupService/DeleteGroup', { id: 'direct' });
    await server.ok('BackendService/DeleteBackend', { id: 'direct' });
  });

  test('routers learn at once where delegated authentication is required', async () => {
    const { revision } = await server.ok('SuiteService/WatchSnapshot');
    const held = server.ok('SuiteService/WatchSnapshot', { revision, waitMs: 30_000 });
    const policy = { id: 'guard', host: 'secure.example', groupId: 'both', authDelegated: true };
    await server.ok('PolicyService/PutPolicy', { policy });
    const { authentication } = await held;
    expect(authentication).toMatchObject({ hosts: ['secure.example'] });
    const { clusters } = authentication as { clusters: { backendIds: string[]; groupIds: string[] }[] };
    expect(clusters.flatMap(({ backendIds }) => backendIds)).toEqual(['one', 'two']);
    const asked = { submissionId: 'bound', routerId: 'r1', host: 'other', boundBackendId: 'one', user: 'ann' };
    expect(await server.ok('RoutingService/Route', { ...asked, statement: 'SELECT 1' })).toMatchObject({
      authDelegated: true,
    });
    await server.ok('PolicyService/DeletePolicy', { id: 'guard' });
    expect((await server.ok('SuiteService/WatchSnapshot')).authentication).toEqual({});
    expect(
      await server.ok('RoutingService/Route', { ...asked, submissionId: 'later', statement: 'SELECT 1' }),
    ).not.toHaveProperty('authDelegated');
  });

  test('the monitor’s own reports do not wake its watch', async () => {
    const { revision } = await server.ok('SuiteService/WatchBackends');
    await reportStatus(server, 'one');
    expect(await server.ok('SuiteService/WatchBackends', { revision, waitMs: 1 })).toEqual({ revision });
  });
});
