import { expect, test } from '@jest/globals';
import { sqliteFile } from '../support/databases.ts';
import { until } from '../support/gatewayserver-fixture.ts';
import { hashOf, offerOf, running, startLimited, submission } from './support/admission-fixture.ts';

test('a query that waits is cancelled by its link, its user and an operator, and history records it', async () => {
  await using server = await startLimited();
  const runs = await running(server);
  const bySecret = submission(server);
  const byUser = submission(server);
  const byOperator = submission(server);
  for (const one of [bySecret, byUser, byOperator]) await one.enqueue();
  const poll = byOperator.poll();
  const cancel = (one: typeof byUser, by: Record<string, unknown>) =>
    server.ok('AdmissionService/CancelQueued', { queryId: one.temporaryId, ...by });
  expect(await cancel(bySecret, { secretHash: hashOf(bySecret.id) })).toEqual({ cancelled: true });
  expect(await cancel(bySecret, { secretHash: hashOf(bySecret.id) })).toEqual({ cancelled: true });
  expect(await cancel(byUser, { user: 'ann' })).toEqual({ cancelled: true });
  await server.ok('QueryService/CancelQuery', { id: byOperator.temporaryId });
  expect(await poll).toEqual({ ended: { errorName: 'USER_CANCELED', message: 'Query was canceled' } });
  const recorded = await until(
    () => server.post('QueryService/GetQuery', { id: byOperator.temporaryId }),
    ({ status }) => status === 200,
  );
  expect(recorded.body).toMatchObject({
    state: 'FAILED',
    user: 'ann',
    groupId: 'g',
    error: { name: 'USER_CANCELED', code: 3 },
  });
  const late = submission(server);
  await late.enqueue();
  await runs.settle();
  const offer = offerOf(await late.poll());
  await late.assign(offer);
  expect(await cancel(late, { user: 'ann' })).toEqual({
    trinoQueryId: expect.stringContaining(late.id),
    backendId: 'b',
  });
});

test('a query that waits too long fails with that reason, which history records', async () => {
  await using server = await startLimited({ group: { queue: { maxWaitMs: 50 } } });
  await running(server);
  const waiting = submission(server);
  await waiting.enqueue();
  expect(await waiting.poll()).toMatchObject({ ended: { errorName: 'EXCEEDED_TIME_LIMIT' } });
  const recorded = await until(
    () => server.post('QueryService/GetQuery', { id: waiting.temporaryId }),
    ({ status }) => status === 200,
  );
  expect(recorded.body).toMatchObject({ state: 'FAILED', error: { name: 'EXCEEDED_TIME_LIMIT', code: 131075 } });
});

test('a waiter that is not polled is deleted after the configured time, with all that was stored for it', async () => {
  await using file = await sqliteFile();
  await using server = await startLimited({
    keys: { database_url: file.url, queue_client_timeout: '1s' },
  });
  await running(server);
  const [silent, present] = [submission(server), submission(server)];
  await silent.enqueue();
  await present.enqueue();
  const poll = present.poll(30_000);
  const recorded = await until(
    () => server.post('QueryService/GetQuery', { id: silent.temporaryId }),
    ({ status }) => status === 200,
  );
  expect(recorded.body).toMatchObject({ state: 'FAILED', error: { name: 'ABANDONED_QUERY' } });
  // A poll that is held is no silence.
  const { queries } = await server.ok('QueueService/ListQueued', {});
  expect((queries as { id: string }[]).map(({ id }) => id)).toEqual([present.temporaryId]);
  await server.ok('QueryService/CancelQuery', { id: present.temporaryId });
  expect(await poll).toMatchObject({ ended: { errorName: 'USER_CANCELED' } });
});
