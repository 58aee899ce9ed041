import { expect, test } from '@jest/globals';
import { offerOf, running, startLimited, submission } from './support/admission-fixture.ts';

test('without a limit nothing is leased and nothing is stored', async () => {
  await using server = await startLimited({ backend: { maxRunningQueries: 0 } });
  const answer = await submission(server).route();
  expect(answer).toMatchObject({ decision: { backendId: 'b' }, backend: { id: 'b' } });
  expect(answer).not.toHaveProperty('leased');
  expect(await server.ok('BackendService/GetBackend', { id: 'b' })).not.toHaveProperty('condition.leases');
});

test('a user at the limit waits while others run', async () => {
  await using server = await startLimited({
    backend: { maxRunningQueries: 0 },
    group: { queue: { perUserMaxRunning: 1 } },
  });
  const first = await running(server, 'ann');
  expect(await submission(server, 'ann').route()).toMatchObject({ mustWait: true });
  expect(await submission(server, 'bob').route()).toMatchObject({ leased: true });
  await first.settle();
  expect(await submission(server, 'ann').route()).toMatchObject({ leased: true });
});

test('a group’s limit per backend leaves the other slots to other groups', async () => {
  await using server = await startLimited({
    backend: { maxRunningQueries: 3 },
    group: { maxRunningQueriesPerBackend: 1 },
  });
  await server.ok('BackendService/PutBackend', { backend: { id: 'c', url: 'http://c' } });
  await server.ok('BackendService/MarkHealthy', { id: 'c' });
  await server.ok('GroupService/PutGroup', {
    group: { id: 'g', backendIds: ['b', 'c'], maxRunningQueriesPerBackend: 1 },
  });
  await server.ok('GroupService/PutGroup', { group: { id: 'other', backendIds: ['b'] } });
  await server.ok('PolicyService/PutPolicy', { policy: { id: 'p', listeningPort: 1, groupId: 'other' } });
  const backends = [];
  for (let n = 0; n < 2; n++) {
    const { leased, backend } = await submission(server).route();
    expect(leased).toBe(true);
    backends.push((backend as { id: string }).id);
  }
  expect(backends.toSorted()).toEqual(['b', 'c']);
  expect(await submission(server).route()).toMatchObject({ mustWait: true });
  for (let n = 0; n < 2; n++)
    expect(await submission(server).route({ listeningPort: 1 })).toMatchObject({ leased: true, backend: { id: 'b' } });
  expect(await submission(server).route({ listeningPort: 1 })).toMatchObject({ mustWait: true });
});

test('raised limits start waiters at once; lowered ones neither end nor start queries', async () => {
  await using server = await startLimited();
  const limit = (maxRunningQueries: number) =>
    server.ok('BackendService/PutBackend', { backend: { id: 'b', url: 'http://b', maxRunningQueries } });
  const first = await running(server);
  const waiting = submission(server);
  await waiting.enqueue();
  const poll = waiting.poll();
  await limit(2);
  await waiting.assign(offerOf(await poll));
  await waiting.activate();
  await limit(1);
  await first.settle();
  expect(await submission(server).route()).toMatchObject({ mustWait: true });
  await waiting.settle();
  expect(await submission(server).route()).toMatchObject({ leased: true });
});

test('external queries count against the limit of a cluster until the monitor no longer observes them', async () => {
  await using server = await startLimited({ backend: { maxRunningQueries: 2 } });
  const external = (foreignRunning: number) =>
    server.ok('BackendService/ReportBackendStatus', {
      status: {
        backendId: 'b',
        state: 'UP',
        healthy: true,
        foreignRunning,
        observedAt: new Date().toISOString(),
      },
    });
  await external(1);
  await running(server);
  const waiting = submission(server);
  expect(await waiting.route()).toMatchObject({ mustWait: true });
  await waiting.enqueue();
  const poll = waiting.poll(30_000);
  const { queries } = await server.ok('QueueService/ListQueued', {});
  expect(queries).toMatchObject([
    { reason: 'all slots of group g are taken, 1 of them by queries that did not come through the gateway' },
  ]);
  const metrics = await (await fetch(`${server.opsUrl}/metrics`)).text();
  expect(metrics).toContain('trino_gateway_slots_free{backend="b"} 0\n');
  expect(metrics).toContain('trino_gateway_slots_used{backend="b"} 1\n');
  await external(0);
  expect(offerOf(await poll)).toMatchObject({ backend: { id: 'b' } });
});

const prepared = (value: string) => ({ name: 'X-Trino-Prepared-Statement', value });
const transaction = (value: string) => ({ name: 'X-Trino-Transaction-Id', value });

test.each<[string, string, { name: string; value: string }[]]>([
  ['a prepared COMMIT that another statement follows', 'EXECUTE p', [prepared('p=COMMIT,p=SELECT+1')]],
  ['the same in two lines', 'EXECUTE p', [prepared('p=COMMIT'), prepared('p=SELECT+1')]],
  ['the same, spelled in two ways', 'EXECUTE p', [prepared('p=COMMIT,%70=SELECT+1')]],
  ['a COMMIT in a comment, once it is decoded', "EXECUTE IMMEDIATE U&'--z000aSELECT 1/*\nCOMMIT*/' UESCAPE 'z'", []],
  ['the same in a long literal', `EXECUTE IMMEDIATE U&'--\\000aSELECT 1/*${' '.repeat(70_000)}\nCOMMIT*/'`, []],
  [
    'a transaction in the second line',
    'SELECT 1',
    [transaction('NONE'), transaction('6f7b1f4a-0000-4000-8000-000000000000')],
  ],
  ['a transaction that Trino cannot read', 'SELECT 1', [transaction('\u00a06f7b1f4a-0000-4000-8000-000000000000')]],
])('%s waits at a full limit like any statement', async (_, statement, headers) => {
  await using server = await startLimited();
  await running(server);
  expect(await submission(server).route({ statement: 'COMMIT' })).toMatchObject({ leased: true });
  expect(await submission(server).route({ statement, headers })).toMatchObject({ mustWait: true });
});
