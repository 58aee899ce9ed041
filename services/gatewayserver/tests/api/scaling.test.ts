import { expect, jest, test } from '@jest/globals';
import { migrateUp } from '../../src/storage/index.ts';
import { sqliteFile } from '../support/databases.ts';
import { startTestGatewayserver, until } from '../support/gatewayserver-fixture.ts';
import { lead, putGroup, record, scalingOf } from '../support/scaled-group.ts';
import { reportStatus } from '../support/two-backends.ts';
import { open } from '../support/with-store.ts';

jest.setTimeout(120_000); // a busy machine starts a server slowly

type Json = Record<string, unknown>;

test('the leader is answered the whole picture, in the order of starts; others only that they do not lead', async () => {
  await using server = await startTestGatewayserver();
  await putGroup(server);
  await server.ok('GroupService/PutGroup', { group: { id: 'static', backendIds: ['c'] } });
  await reportStatus(server, 'b', { coordinatorId: 'aaaaa', foreignRunning: 3, observedAt: '2026-01-01T10:00:00Z' });
  await server.ok('BackendService/DisableBackend', { id: 'a' });
  const picture = await lead(server, 'm1');
  expect(picture).toMatchObject({ leads: true, fence: '1', leaseMs: 10_000 });
  expect(picture.groups).toMatchObject([
    {
      groupId: 'g',
      leader: 'm1',
      clusters: [
        {
          backendId: 'b',
          state: 'UNKNOWN',
          healthy: true,
          healthySince: '2026-01-01T10:00:00Z',
          slots: 8,
          scalable: true,
        },
        { backendId: 'a', state: 'UNKNOWN', deactivatedReason: 'it is disabled', slots: 8, scalable: true },
        { backendId: 'c', state: 'UNKNOWN', slots: 5 },
      ],
    },
  ]);
  expect(await lead(server, 'm2')).toEqual({});
  expect(await lead(server, 'm1')).toMatchObject({ leads: true, fence: '1' });
  expect(await scalingOf(server)).toMatchObject({ leader: 'm1' });
});

test('a cluster is healthy since its first probe that passed; a failure and a restart begin anew', async () => {
  await using server = await startTestGatewayserver();
  await putGroup(server);
  const seen = async (at: number, given: Json = {}) => {
    const observedAt = `2026-01-01T10:00:0${at}Z`;
    await reportStatus(server, 'a', {
      coordinatorId: 'aaaaa',
      observedAt,
      healthySince: '2020-01-01T00:00:00Z',
      ...given,
    });
    const { clusters } = (await scalingOf(server)) as { clusters: Json[] };
    return clusters[1]?.healthySince;
  };
  expect(await seen(1)).toBe('2026-01-01T10:00:01Z');
  expect(await seen(2)).toBe('2026-01-01T10:00:01Z');
  expect(await seen(3, { healthy: false, state: 'FAILING' })).toBeUndefined();
  expect(await seen(4)).toBe('2026-01-01T10:00:04Z');
  expect(await seen(5, { coordinatorId: 'bbbbb' })).toBe('2026-01-01T10:00:05Z');
});

test('what one replica records holds there at once, on the others within 2 s, and for the next leader', async () => {
  await using database = await sqliteFile();
  await migrateUp(database.url);
  await using one = await startTestGatewayserver({ database_url: database.url });
  await using two = await startTestGatewayserver({ database_url: database.url });
  await putGroup(one);
  await lead(one, 'm1');
  const clusters = [{ backendId: 'a', state: 'STARTING', reason: 'one waits', since: '2026-01-01T10:00:00Z' }];
  const events = [{ backendId: 'a', kind: 'STARTED', reason: 'one waits' }];
  for (let times = 0; times < 2; times++)
    expect(await record(one, 'm1', '1', clusters, events)).toEqual({ status: 200, body: {} });
  const shown = { wantedClusters: 1, reason: 'one waits', clusters: [{}, clusters[0], {}] };
  expect(await scalingOf(one)).toMatchObject(shown);
  const from = performance.now();
  await until(
    () => two.post('ScalingService/GetGroupScaling', { id: 'g' }),
    ({ body }) => body.wantedClusters === 1,
  );
  expect(performance.now() - from).toBeLessThan(2_000);
  expect(await scalingOf(two)).toMatchObject({ ...shown, leader: 'm1' });
  const condition = { scaling: { backendId: 'a', state: 'STARTING', reason: 'one waits', scalable: true } };
  expect(await two.ok('BackendService/GetBackend', { id: 'a' })).toMatchObject({ condition });
  // It asked, and died before it recorded: the next one has all that was stored until then.
  await using store = await open(database.url);
  expect(await store.scaling.lead('m1', 1)).toMatchObject({ fence: 1 });
  const { groups } = await until(
    () => lead(two, 'm2'),
    ({ leads }) => leads === true,
  );
  expect(groups).toMatchObject([{ ...shown, leader: 'm2' }]);
  expect(await two.ok('ScalingService/ListScalingEvents')).toMatchObject({
    events: [{ id: '1', groupId: 'g', backendId: 'a', kind: 'STARTED', by: 'm1', at: '2026-01-01T10:00:00Z' }],
  });
  // What it says now comes too late, on each replica.
  for (const replica of [one, two]) {
    const stale = await record(replica, 'm1', '1', [{ backendId: 'a', state: 'STOPPED' }], events);
    expect(stale).toMatchObject({ status: 400, body: { code: 'failed_precondition' } });
    expect(await scalingOf(replica)).toMatchObject(shown);
  }
});

test('an operator pauses and resumes a group, stops a cluster by force, and reads what was done, by REST', async () => {
  await using server = await startTestGatewayserver();
  await putGroup(server);
  const rest = async (method: string, path: string, body?: unknown) => {
    const headers = { 'content-type': 'application/json' };
    const answer = await fetch(`${server.url}/api/v1/${path}`, {
      ...{ method, headers },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    return { status: answer.status, body: (await answer.json()) as Json };
  };
  const paused = { groupId: 'g', paused: true, pauseReason: 'holidays' };
  expect(await rest('POST', 'groups/g:pauseScaling', { reason: 'holidays' })).toMatchObject({
    status: 200,
    body: paused,
  });
  expect(await rest('GET', 'groups/g:scaling')).toMatchObject({ body: paused });
  expect(await rest('GET', 'scaling')).toMatchObject({ body: { groups: [paused] } });
  expect(await rest('POST', 'groups/g:resumeScaling')).toEqual({
    status: 200,
    body: expect.not.objectContaining({ paused: true }),
  });
  const stopped = await rest('POST', 'backends/a:forceStop', { reason: 'it hangs' });
  expect(stopped).toMatchObject({ status: 200, body: { condition: { scaling: { forceStop: true } } } });
  const events = await rest('GET', 'scaling/events?page_size=2');
  expect(events.body).toMatchObject({
    events: [
      { kind: 'FORCE_STOPPED', backendId: 'a', reason: 'it hangs', by: 'operator' },
      { kind: 'RESUMED', groupId: 'g' },
    ],
    nextPageToken: '2',
  });
  const { body } = await rest('GET', 'scaling/events?page_size=2&page_token=2&group_id=g');
  expect(body).toMatchObject({ events: [{ kind: 'PAUSED', reason: 'holidays' }] });
  expect(body.nextPageToken).toBeUndefined();
});

test('a group that a file declares is paused, too', async () => {
  const yaml = 'backends: [{ id: f, url: "http://f" }]\ngroups: [{ id: declared, backend_ids: [f], autoscaling: {} }]';
  await using server = await startTestGatewayserver({}, yaml);
  const id = 'declared';
  expect(await server.ok('ScalingService/PauseScaling', { id, reason: 'mine' })).toMatchObject({ paused: true });
  expect(await server.ok('ScalingService/ResumeScaling', { id })).not.toHaveProperty('paused');
});

test('what makes no sense is refused, and changes nothing', async () => {
  await using server = await startTestGatewayserver();
  await putGroup(server);
  await server.ok('GroupService/PutGroup', { group: { id: 'static', backendIds: ['c'] } });
  await lead(server, 'm1');
  const refusals: [string, Json, string, RegExp][] = [
    ['GetGroupScaling', { id: 'nobody' }, 'not_found', /nobody/],
    ['GetGroupScaling', { id: 'static' }, 'failed_precondition', /static.*no autoscaling/],
    ['PauseScaling', { id: 'static' }, 'failed_precondition', /static/],
    ['PauseScaling', { id: 'g', reason: 'x'.repeat(1_001) }, 'invalid_argument', /reason/],
    ['ForceStop', { id: 'nobody', reason: 'x' }, 'not_found', /nobody/],
    ['ForceStop', { id: 'a', reason: ' ' }, 'invalid_argument', /reason/],
    ['ForceStop', { id: 'c', reason: 'x' }, 'failed_precondition', /no scaler/],
    ['ListScalingEvents', { pageToken: "1' OR 1=1" }, 'invalid_argument', /page_token/],
    ['ListScalingEvents', { pageSize: 1_001 }, 'invalid_argument', /page_size/],
    ['ListScalingEvents', { groupId: '/' }, 'invalid_argument', /group_id/],
    ['LeadScaling', { monitorId: '' }, 'invalid_argument', /monitor_id/],
    ['RecordScaling', { monitorId: 'm1', fence: '1' }, 'invalid_argument', /group/],
    [
      'RecordScaling',
      { monitorId: 'm1', fence: '9', group: { groupId: 'g' } },
      'failed_precondition',
      /another monitor/,
    ],
    [
      'RecordScaling',
      { monitorId: 'm1', fence: '1', group: { groupId: 'g', wantedClusters: -1 } },
      'invalid_argument',
      /wanted/,
    ],
    [
      'RecordScaling',
      { monitorId: 'm1', fence: '1', group: { groupId: 'g' }, events: [{ kind: 'STARTED', groupId: 'h' }] },
      'invalid_argument',
      /group_id/,
    ],
    [
      'RecordScaling',
      { monitorId: 'm1', fence: '1', group: { groupId: 'g' }, events: [{}] },
      'invalid_argument',
      /kind/,
    ],
  ];
  for (const [call, request, code, message] of refusals) {
    const { body } = await server.post(`ScalingService/${call}`, request);
    expect([call, body.code, String(body.message)]).toEqual([call, code, expect.stringMatching(message)]);
  }
  expect(await server.ok('ScalingService/ListScalingEvents')).toEqual({});
});

test('the monitor is told in which state autoscaling has a backend, as long as it takes part', async () => {
  await using server = await startTestGatewayserver();
  await putGroup(server);
  const watched = async (revision = '') => {
    const answer = await server.ok('SuiteService/WatchBackends', { revision, waitMs: revision ? 5_000 : 0 });
    const backends = answer.backends as { id: string; condition?: { scaling?: Json } }[];
    return {
      revision: String(answer.revision),
      state: backends.find(({ id }) => id === 'a')?.condition?.scaling?.state,
    };
  };
  const { fence } = await lead(server, 'm1');
  const before = await watched();
  const stored = await record(server, 'm1', fence, [{ backendId: 'a', state: 'DRAINING' }]);
  expect(stored.status).toBe(200);
  const draining = await watched(before.revision);
  expect([before.state, draining.state]).toEqual([undefined, 'DRAINING']);
  await server.ok('GroupService/PutGroup', { group: { id: 'g', backendIds: ['b', 'a', 'c'] } });
  expect((await watched()).state).toBeUndefined();
});

test('a leader that resigns leaves the lead to the next one that asks, and its fence is over', async () => {
  await using server = await startTestGatewayserver();
  await putGroup(server);
  const { fence } = await lead(server, 'm1');
  expect(await server.ok('ScalingService/LeadScaling', { monitorId: 'm1', resign: true })).toEqual({});
  expect(await scalingOf(server)).not.toHaveProperty('leader');
  expect(await lead(server, 'm2')).toMatchObject({ leads: true, fence: '2' });
  expect((await record(server, 'm1', fence, [])).status).toBe(400);
});
