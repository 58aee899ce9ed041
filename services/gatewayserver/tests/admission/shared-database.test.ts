import { expect, test } from '@jest/globals';
import { sqliteFile } from '../support/databases.ts';
import { startTestGatewayserver, until } from '../support/gatewayserver-fixture.ts';
import { base64, hashOf, offerOf, running, startLimited, submission } from './support/admission-fixture.ts';

test('queries that another replica has just admitted, or that have just ended, do not count as external load', async () => {
  await using file = await sqliteFile();
  const keys = { database_url: file.url, default_group: 'g' };
  await using one = await startLimited({ keys, backend: { maxRunningQueries: 2 } });
  await using other = await startTestGatewayserver(keys);
  const ended = await running(one);
  await ended.settle();
  const runs = await running(one);
  const idOf = ({ id }: { id: string }) => `20261121_000000_00001_${id}`;
  const known = async (request: Record<string, unknown>) => {
    const { leases = [] } = await other.ok('AdmissionService/ListLeases', { backendId: 'b', ...request });
    return (leases as { trinoQueryId: string }[]).map(({ trinoQueryId }) => trinoQueryId);
  };
  expect(await known({})).toEqual([idOf(runs)]);
  const trinoQueryIds = [idOf(ended), idOf(runs), '20261121_000000_00001_other'];
  expect((await known({ trinoQueryIds })).toSorted()).toEqual([idOf(ended), idOf(runs)].toSorted());
  expect(await known({ trinoQueryIds, backendId: 'c' })).toEqual([]);
});

test('slots and places survive a restart, and a long poll is answered when its server stops', async () => {
  await using file = await sqliteFile();
  const keys = { database_url: file.url, default_group: 'g' };
  const before = await startLimited({ keys });
  const runs = await running(before);
  const waiting = submission(before);
  await waiting.enqueue();
  const poll = waiting.poll(30_000);
  await until(
    () => before.ok('QueueService/GetQueueStats', { groupId: 'g' }),
    ({ groups }) => (groups as { present?: number }[])[0]?.present === 1,
  );
  await before[Symbol.asyncDispose]();
  expect(await poll).toMatchObject({ waiting: { position: 1 } });

  await using after = await startTestGatewayserver(keys);
  const ask = (rpc: string, request: unknown) => after.ok(`AdmissionService/${rpc}`, request);
  const again = { queryId: waiting.temporaryId, secretHash: hashOf(waiting.id) };
  expect(await ask('AwaitTurn', { ...again, waitMs: 0 })).toMatchObject({ waiting: { position: 1 } });
  const { leases } = await ask('ListLeases', { backendId: 'b' });
  await ask('SettleLeases', {
    trinoQueryIds: (leases as { trinoQueryId: string }[]).map(({ trinoQueryId }) => trinoQueryId),
  });
  expect(offerOf(await ask('AwaitTurn', { ...again, waitMs: 10_000 }))).toMatchObject({
    sealed: base64(`sealed ${waiting.id}`),
  });
  expect(runs.id).not.toBe(waiting.id);
});

test('a slot that one replica frees wakes a waiter that polls at another', async () => {
  await using file = await sqliteFile();
  const keys = { database_url: file.url, default_group: 'g' };
  await using one = await startLimited({ keys });
  await using other = await startTestGatewayserver(keys);
  const runs = await running(one);
  const waiting = submission(other);
  expect(await waiting.route()).toMatchObject({ mustWait: true });
  await waiting.enqueue();
  const poll = waiting.poll(30_000);
  await runs.settle();
  expect(await waiting.assign(offerOf(await poll))).toEqual({ accepted: true });
});
