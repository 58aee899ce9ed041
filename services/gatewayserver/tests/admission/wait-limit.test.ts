import { expect, test } from '@jest/globals';
import { sqliteFile } from '../support/databases.ts';
import { startTestGatewayserver, until } from '../support/gatewayserver-fixture.ts';
import { hashOf, offerOf, running, startLimited, submission } from './support/admission-fixture.ts';

const message = 'Query exceeded maximum time limit of 0.30s';

test("a held poll is answered in the moment the client's own limit is over, and history records it", async () => {
  await using server = await startLimited({ group: { queue: { maxWaitMs: 60_000 } } });
  await running(server);
  const waiting = submission(server);
  const began = performance.now();
  await waiting.enqueue({ limit: { leftMs: 300, message } });
  expect(await waiting.poll(20_000)).toEqual({ ended: { errorName: 'EXCEEDED_TIME_LIMIT', message } });
  const tookMs = performance.now() - began;
  expect(tookMs).toBeGreaterThanOrEqual(300);
  expect(tookMs).toBeLessThan(10_000);
  const recorded = await until(
    () => server.post('QueryService/GetQuery', { id: waiting.temporaryId }),
    ({ status }) => status === 200,
  );
  expect(recorded.body).toMatchObject({
    state: 'FAILED',
    error: { name: 'EXCEEDED_TIME_LIMIT', code: 131075, message },
  });
});

test('the limit is stored with the query: it ends at another gatewayserver, after a restart', async () => {
  await using file = await sqliteFile();
  const keys = { database_url: file.url, default_group: 'g' };
  const before = await startLimited({ keys });
  await running(before);
  const waiting = submission(before);
  await waiting.enqueue({ limit: { leftMs: 300, message } });
  await before[Symbol.asyncDispose]();
  await using after = await startTestGatewayserver(keys);
  const again = { queryId: waiting.temporaryId, secretHash: hashOf(waiting.id), waitMs: 20_000 };
  expect(await after.ok('AdmissionService/AwaitTurn', again)).toEqual({
    ended: { errorName: 'EXCEEDED_TIME_LIMIT', message },
  });
});

test('a slot that is free in time starts the query all the same', async () => {
  await using server = await startLimited();
  const runs = await running(server);
  const waiting = submission(server);
  await waiting.enqueue({ limit: { leftMs: 30_000, message } });
  const poll = waiting.poll(20_000);
  await runs.settle();
  expect(await waiting.assign(offerOf(await poll))).toEqual({ accepted: true });
});

test('a limit that is none is refused', async () => {
  await using server = await startLimited();
  const waiting = { ...submission(server), secretHash: hashOf('x') };
  for (const limit of [{ leftMs: -1 }, { leftMs: 2 ** 31 }, { leftMs: 'soon' }, { message: 'm'.repeat(1_001) }]) {
    const { status } = await server.post('AdmissionService/Enqueue', {
      queryId: waiting.temporaryId,
      submissionId: waiting.id,
      groupId: 'g',
      secretHash: waiting.secretHash,
      sealed: 'eA==',
      limit,
    });
    expect(status).toBe(400);
  }
});
