import { create } from '@bufbuild/protobuf';
import { expect, jest, test } from '@jest/globals';
import { GroupSchema } from '@trino-gateway/api/gateway';
import { startTestGatewayserver, until } from '../support/gatewayserver-fixture.ts';
import { lead, putGroup, record, scalingOf } from '../support/scaled-group.ts';

jest.setTimeout(120_000); // a busy machine starts a server slowly

test('a plan says what would be done now, also of a paused group, and does nothing', async () => {
  await using server = await startTestGatewayserver();
  await putGroup(server, { autoscaling: { minClusters: [{ min: 1 }] } });
  await lead(server, 'm1');
  await record(server, 'm1', '1', [
    { backendId: 'a', state: 'STOPPED', observed: 'STOPPED' },
    { backendId: 'b', state: 'STOPPED', observed: 'STOPPED' },
  ]);
  await server.ok('ScalingService/PauseScaling', { id: 'g', reason: 'holidays' });
  const planned = await server.ok('ScalingService/PlanScaling', { id: 'g' });
  expect(planned).toMatchObject({
    group: { groupId: 'g', paused: true, wantedClusters: 1 },
    actions: [{ groupId: 'g', backendId: 'b', kind: 'STARTED' }],
  });
  expect(await scalingOf(server)).toMatchObject({ clusters: [{ state: 'STOPPED' }, { state: 'STOPPED' }, {}] });
});

test('a cluster goes by the demand of one group, and is started and stopped as one backend', async () => {
  await using server = await startTestGatewayserver();
  await putGroup(server);
  const twice = { id: 'h', backendIds: ['a'], autoscaling: {} };
  expect((await server.post('GroupService/PutGroup', { group: twice })).body).toMatchObject({
    code: 'invalid_argument',
    message: expect.stringMatching(/group\.backend_ids: .*"a", which is in "g"/),
  });
  await server.ok('GroupService/PutGroup', { group: { ...twice, autoscaling: undefined } });
  const stackable = { stackable: { namespace: 'data', name: 'x' } };
  const put = (id: string) =>
    server.post('BackendService/PutBackend', { backend: { id, url: `http://${id}`, scaler: stackable } });
  expect(await put('x')).toMatchObject({ status: 200 });
  expect(await put('x')).toMatchObject({ status: 200 });
  expect((await put('y')).body).toMatchObject({
    code: 'invalid_argument',
    message: expect.stringMatching(/backend\.scaler: .*"x"/),
  });
});

test('a file says the same of itself, and what it declares must fit what is stored', async () => {
  const backends = 'backends: [{ id: f, url: "http://f" }]\n';
  const declared = (groups: string) => startTestGatewayserver({}, `${backends}groups: [${groups}]`);
  const group = (id: string) => `{ id: ${id}, backend_ids: [f], autoscaling: {} }`;
  await expect(declared(`${group('g')}, ${group('h')}`)).rejects.toThrow(
    /groups\[1\]\.backend_ids: .*"f", which is in "g"/,
  );
  await using server = await declared(group('g'));
  const sharing = {
    backends: [],
    groups: [create(GroupSchema, { id: 'h', backendIds: ['f'], autoscaling: {} })],
    policies: [],
  };
  await expect(server.declare(sharing)).rejects.toThrow(/group h: backend_ids: .*"f", which is in "g"/);
});

test('metrics show clusters by state, what is wanted, what is paused, who leads, and count what was done', async () => {
  await using server = await startTestGatewayserver();
  await putGroup(server);
  await lead(server, 'm1');
  const events = [{ backendId: 'a', kind: 'STARTED' }];
  for (let times = 0; times < 2; times++)
    await record(
      server,
      'm1',
      '1',
      [
        { backendId: 'a', state: 'STARTING' },
        { backendId: 'b', state: 'READY' },
      ],
      events,
    );
  await server.ok('ScalingService/PauseScaling', { id: 'g' });
  const metrics = async () => (await fetch(`${server.opsUrl}/metrics`)).text();
  const text = await until(metrics, (all) => all.includes('trino_gateway_scaling_led 1'));
  for (const line of [
    'trino_gateway_scaling_clusters{group="g",state="STARTING"} 1',
    'trino_gateway_scaling_clusters{group="g",state="READY"} 1',
    'trino_gateway_scaling_clusters{group="g",state="DRAINING"} 0',
    'trino_gateway_scaling_wanted_clusters{group="g"} 1',
    'trino_gateway_scaling_paused{group="g"} 1',
    'trino_gateway_scaling_events_total{group="g",kind="STARTED"} 1',
  ])
    expect(text).toContain(line);
});

test('of a cluster that drains is shown what ties it: that nothing is known of it is not nothing', async () => {
  await using server = await startTestGatewayserver();
  await putGroup(server);
  await lead(server, 'm1');
  await record(server, 'm1', '1', [
    { backendId: 'a', state: 'DRAINING' },
    { backendId: 'b', state: 'READY' },
  ]);
  const picture = { clusters: [{ backendId: 'b' }, { backendId: 'a', remaining: [{ kind: 'UNKNOWN' }] }, {}] };
  expect(await lead(server, 'm1')).toMatchObject({ groups: [picture] });
  expect(await scalingOf(server)).toMatchObject(picture);
  const status = await server.ok('BackendService/GetDrainStatus', { id: 'a' });
  expect(status).toMatchObject({ draining: true, remaining: [{ kind: 'UNKNOWN' }] });
  expect(await server.ok('BackendService/GetBackend', { id: 'a' })).toMatchObject({
    condition: { scaling: { state: 'DRAINING', remaining: [{ kind: 'UNKNOWN' }] } },
  });
});
