import { expect, test } from '@jest/globals';
import { running, startLimited, submission } from './support/admission-fixture.ts';

test('limits per user count the authenticated user, not the one whom a statement runs as', async () => {
  await using server = await startLimited({
    backend: { maxRunningQueries: 5 },
    group: { queue: { perUserMaxRunning: 1 } },
  });
  const hers = submission(server, 'alice');
  expect(await hers.route({ countedUser: 'mallory' })).toMatchObject({ leased: true });
  expect(await submission(server, 'alice').route()).toMatchObject({ leased: true });
  expect(await submission(server, 'bob').route({ countedUser: 'mallory' })).toMatchObject({ mustWait: true });
  expect(await submission(server, 'alice').route()).toMatchObject({ mustWait: true });
});

test('a queued statement names a backend of its group that can check whether somebody may act for its user', async () => {
  await using server = await startLimited();
  await running(server);
  const waiting = submission(server, 'alice');
  await waiting.enqueue();
  const find = () => server.ok('AdmissionService/FindQueued', { queryId: waiting.temporaryId });
  expect(await find()).toMatchObject({ user: 'alice', checksAt: { id: 'b', url: 'http://b' } });
  await server.ok('BackendService/DisableBackend', { id: 'b' });
  expect(await find()).not.toHaveProperty('checksAt');
});
