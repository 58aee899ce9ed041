import { expect, test } from '@jest/globals';
import { serverWithTwoBackends } from '../support/two-backends.ts';

const server = serverWithTwoBackends();

type Watched = { id: string; condition?: object };
const watched = async () => {
  const { revision, backends } = await server.ok('SuiteService/WatchBackends');
  return { revision, condition: (backends as Watched[]).find(({ id }) => id === 'one')?.condition };
};
const status = async () =>
  ((await server.ok('BackendService/GetBackend', { id: 'one' })).condition as { status?: object }).status;
const evidence = { coordinatorId: 'aaaa2', queries: { count: 0 }, transactions: { count: 1, ids: ['secret'] } };

test('the monitor learns that a backend drains, and that it does no more', async () => {
  const before = await watched();
  expect(before.condition).toEqual({});
  await server.ok('BackendService/DrainBackend', { id: 'one' });
  const draining = await watched();
  expect(draining.condition).toEqual({ draining: true });
  expect(draining.revision).not.toBe(before.revision);
  await server.ok('BackendService/EnableBackend', { id: 'one' });
  expect(await watched()).toEqual(before);
  await server.ok('BackendService/DisableBackend', { id: 'one' });
  expect((await watched()).condition).toEqual({ draining: true });
  await server.ok('BackendService/EnableBackend', { id: 'one' });
});

test('evidence alone leaves what the last probe found, and reads do not show it', async () => {
  const probed = { backendId: 'one', state: 'UP', healthy: true, running: 3, observedAt: '2026-01-01T00:00:00Z' };
  await server.ok('BackendService/ReportBackendStatus', { status: probed });
  await server.ok('BackendService/ReportBackendStatus', { status: { backendId: 'one', evidence } });
  expect(await status()).toMatchObject(probed);
  expect(await status()).not.toHaveProperty('evidence');
  await server.ok('BackendService/ReportBackendStatus', { status: { ...probed, evidence } });
  expect(await status()).toMatchObject(probed);
  expect(await status()).not.toHaveProperty('evidence');
  const never = await server.post('BackendService/ReportBackendStatus', { status: { backendId: 'three', evidence } });
  expect(never.body.message).toContain('status.backend_id');
});
