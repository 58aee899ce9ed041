import { describe, expect, test } from '@jest/globals';
import { reportStatus, serverWithTwoBackends } from '../support/two-backends.ts';

const server = serverWithTwoBackends();

describe('backends', () => {
  test('Put stores the origin of the URL and the defaults, and answers them with the condition', async () => {
    const backend = { id: 'defaults', url: 'HTTP://Trino.Example:80/' };
    expect(await server.ok('BackendService/PutBackend', { backend })).toEqual({
      id: 'defaults',
      enabled: true,
      url: 'http://trino.example',
      forwardedHeaders: 'AUTO',
      forwarding: 'PROXY',
      condition: { reasons: ['it was not probed yet'] },
    });
    expect(await server.ok('BackendService/PutBackend', { backend })).toMatchObject({ id: 'defaults' });
  });

  test('TLS settings are stored, sent to routers and monitor, and kept for the incarnations of a deleted backend', async () => {
    const tls = { caFile: '/ca.pem', serverName: 'trino.internal' };
    const put = (backend: object) => server.ok('BackendService/PutBackend', { backend });
    expect(await put({ id: 'tls', url: 'https://t:8443', tls })).toMatchObject({ tls });
    expect(await put({ id: 'no-tls', url: 'https://t:8444', tls: {} })).not.toHaveProperty('tls');
    for (const watch of ['WatchBackends', 'WatchSnapshot'])
      expect((await server.ok(`SuiteService/${watch}`)).backends).toContainEqual(
        expect.objectContaining({ id: 'tls', tls }),
      );
    const seen = { suffix: 'tttt2', backendId: 'tls', url: 'https://t:8443' };
    await server.ok('SuiteService/RecordIncarnation', seen);
    for (const id of ['tls', 'no-tls']) await server.ok('BackendService/DeleteBackend', { id });
    const { incarnations } = await server.ok('SuiteService/WatchSnapshot');
    expect(incarnations).toContainEqual(expect.objectContaining({ ...seen, tls }));
  });

  test('outside its schedule a backend takes no new query, and its condition says until when', async () => {
    const backend = { id: 'nightly', url: 'http://n', uptimeSchedule: '* 0-5 * * *', timeZone: 'Europe/Vienna' };
    await server.ok('BackendService/PutBackend', { backend });
    await reportStatus(server, 'nightly');
    const condition = async () =>
      (await server.get('BackendService/GetBackend', { id: 'nightly' })).body.condition as Record<string, unknown>;
    expect(await condition()).toMatchObject({ available: true });

    const nextChanges = [{ at: '2124-01-01T23:00:00Z', scheduledUp: true }, { at: '2124-01-02T05:00:00Z' }];
    const { uptimeSchedule, timeZone } = backend;
    const schedule = { backendId: 'nightly', uptimeSchedule, timeZone, nextChanges };
    await server.ok('BackendService/ReportBackendSchedule', { schedule });
    expect(await condition()).toMatchObject({
      reasons: ['it is outside its uptime schedule "* 0-5 * * *" (Europe/Vienna) until 2124-01-01T23:00:00.000Z'],
      schedule: { uptimeSchedule, timeZone, nextChanges },
    });
    expect((await condition()).available).toBeUndefined();

    await server.ok('BackendService/PutBackend', { backend: { ...backend, timeZone: 'UTC' } });
    expect(await condition()).toMatchObject({ available: true }); // this one was not read yet
    expect((await condition()).schedule).toBeUndefined();
    await server.ok('BackendService/DeleteBackend', { id: 'nightly' });
  });

  test('a schedule that was reported before a known change counts as after it', async () => {
    const schedule = { backendId: 'silent', uptimeSchedule: '0 12 1 1 *', timeZone: '' };
    const { uptimeSchedule } = schedule;
    await server.ok('BackendService/PutBackend', { backend: { id: 'silent', url: 'http://s', uptimeSchedule } });
    await reportStatus(server, 'silent');
    await server.ok('BackendService/ReportBackendSchedule', {
      schedule: {
        ...schedule,
        nextChanges: [
          { at: '2020-01-01T12:00:00Z', scheduledUp: true },
          { at: '2124-01-01T12:01:00Z', scheduledUp: false },
        ],
      },
    });
    expect(await server.ok('BackendService/GetBackend', { id: 'silent' })).toMatchObject({
      condition: {
        available: true,
        schedule: { scheduledUp: true, nextChanges: [{ at: '2124-01-01T12:01:00Z' }] },
      },
    });
    await server.ok('BackendService/DeleteBackend', { id: 'silent' });
  });

  test('a write holds for the next read', async () => {
    for (const weight of [1, 2, 3]) {
      await server.ok('BackendService/PutBackend', { backend: { id: 'w', url: 'http://w', weight } });
      expect((await server.get('BackendService/GetBackend', { id: 'w' })).body.weight).toBe(weight);
    }
    await server.ok('BackendService/DeleteBackend', { id: 'w' });
    expect((await server.get('BackendService/GetBackend', { id: 'w' })).body.code).toBe('not_found');
  });

  test.each(['password', 'token'])(
    'a %s is never read back, is kept by a Put of what was read, and goes with a Put without it',
    async (name) => {
      const id = 'secret';
      const put = (probe: Record<string, string>) =>
        server.post('BackendService/PutBackend', { backend: { id, url: 'https://s', probe } });
      const nothingToKeep = await put({ user: 'u', [name]: '********' });
      expect(nothingToKeep.body).toMatchObject({ code: 'invalid_argument' });
      expect(nothingToKeep.body.message).toMatch(new RegExp(`^backend\\.probe\\.${name}: `));
      const shown = (user: string) => ({ kind: 'SQL', user, [name]: '********' });
      expect((await put({ user: 'u', [name]: 'hush' })).body.probe).toEqual(shown('u'));
      expect((await put({ user: 'u2', [name]: '********' })).body.probe).toEqual(shown('u2'));
      expect((await server.get('BackendService/GetBackend', { id })).body.probe).toEqual(shown('u2'));
      const all = JSON.stringify(await server.ok('BackendService/ListBackends'));
      expect([all.includes(id), all.includes('hush')]).toEqual([true, false]);
      const watched = async () => (await server.ok('SuiteService/WatchBackends')).backends;
      const sent = { kind: 'SQL', user: 'u2', [name]: 'hush' };
      expect(await watched()).toContainEqual(expect.objectContaining({ id, probe: sent }));
      expect((await put({ user: 'u2' })).body.probe).toEqual({ kind: 'SQL', user: 'u2' });
      expect(JSON.stringify(await watched())).not.toContain('hush');
    },
  );

  test('enabling, disabling and draining may be repeated, and a Put keeps what was set', async () => {
    const call = async (verb: string) =>
      (await server.ok(`BackendService/${verb}Backend`, { id: 'one' })) as never as {
        enabled: boolean;
        condition: { draining?: boolean; reasons?: string[] };
      };
    await reportStatus(server, 'one');
    expect(await call('Disable')).toMatchObject({ enabled: false, condition: { reasons: ['it is disabled'] } });
    expect(await call('Disable')).toMatchObject({ enabled: false });
    const put = { backend: { id: 'one', url: 'http://127.0.0.1:1001' } };
    expect(await server.ok('BackendService/PutBackend', put)).toMatchObject({ enabled: false });
    expect(await call('Drain')).toMatchObject({ condition: { draining: true } });
    const enabled = await call('Enable');
    expect(enabled).toMatchObject({ enabled: true, condition: { available: true } });
    expect(enabled.condition.draining).toBeUndefined();
  });

  test('an operator overrides the monitor until the time is over', async () => {
    await reportStatus(server, 'one', { healthy: false, state: 'UNREACHABLE', reason: 'connection refused' });
    expect(await server.ok('BackendService/GetBackend', { id: 'one' })).toMatchObject({
      condition: { reasons: ['it is not healthy (UNREACHABLE): connection refused'], status: { state: 'UNREACHABLE' } },
    });
    expect(await server.ok('BackendService/MarkHealthy', { id: 'one', durationMs: 60_000 })).toMatchObject({
      condition: { available: true, override: { healthy: true } },
    });
    expect(await server.ok('BackendService/MarkUnhealthy', { id: 'one', reason: 'upgrade' })).toMatchObject({
      condition: { reasons: [expect.stringContaining('upgrade')] },
    });
    expect(await server.ok('BackendService/UpdateClusterLoad', { id: 'one', clusterLoad: 7 })).toMatchObject({
      condition: { override: { healthy: false, clusterLoad: 7, reason: 'upgrade' } },
    });
    await server.ok('BackendService/MarkHealthy', { id: 'one', durationMs: 1 });
  });

  test('an older report does not undo a newer one', async () => {
    await reportStatus(server, 'two', { healthy: true });
    await reportStatus(server, 'two', { healthy: false, observedAt: new Date(Date.now() - 60_000).toISOString() });
    expect(await server.ok('BackendService/GetBackend', { id: 'two' })).toMatchObject({
      condition: { available: true },
    });
  });

  test('lists come in the order of ids and in pages', async () => {
    const first = await server.ok('BackendService/ListBackends', { pageSize: 2 });
    expect(first).toMatchObject({ backends: [{ id: 'defaults' }, { id: 'one' }], nextPageToken: expect.any(String) });
    const rest = await server.ok('BackendService/ListBackends', { pageToken: first.nextPageToken });
    expect(rest).toMatchObject({ backends: [{ id: 'secret' }, { id: 'two' }] });
    expect(rest.nextPageToken).toBeUndefined();
  });
});
