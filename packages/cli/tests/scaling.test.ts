import { create } from '@bufbuild/protobuf';
import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import { Code, ConnectError, type ConnectRouter } from '@connectrpc/connect';
import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';
import {
  GroupScalingSchema,
  ScalingEvent_Kind as Kind,
  ScalingService,
  ClusterScaling_State as State,
} from '@trino-gateway/api/gateway';
import { runCommand } from './support/command-line.ts';
import { serveFake } from './support/serve-fake.ts';

jest.setTimeout(120_000); // a busy machine starts a server slowly

const NOW = Date.parse('2026-01-31T12:00:00Z');
const done: string[] = [];
let server: Awaited<ReturnType<typeof serveFake>>;

const xl = create(GroupScalingSchema, {
  groupId: 'xl',
  ...{ queued: 3, longestWaitMs: 95_000, wantedClusters: 2, reason: '3 queries wait', leader: 'monitor-1' },
  now: timestampFromMs(NOW),
  clusters: [
    {
      ...{ backendId: 'xl1', state: State.READY, since: timestampFromMs(NOW - 3_700_000), reason: 'it is ready' },
      ...{ healthy: true, running: 4, slots: 5, scalable: true },
    },
    {
      ...{ backendId: 'xl2', state: State.STARTING, since: timestampFromMs(NOW - 42_000), reason: '3 queries wait' },
      ...{ scalable: true, scalerProblem: 'the API server does not answer' },
    },
    { backendId: 'xl3', state: State.DEACTIVATED, deactivatedReason: 'it is disabled' },
  ],
});
const event = (id: number) => ({
  ...{ id: String(id), at: timestampFromMs(NOW), groupId: 'xl', backendId: 'xl2', kind: Kind.STARTED },
  ...{ reason: '3 queries wait', by: 'monitor-1' },
});

/** A gatewayserver that knows nothing but autoscaling. */
const routes = (router: ConnectRouter) => {
  const known = (id: string) => {
    if (id !== 'xl') throw new ConnectError(`group "${id}" has no autoscaling`, Code.FailedPrecondition);
    return xl;
  };
  router.service(ScalingService, {
    listGroupScaling: () => ({ groups: [xl, { groupId: 'idle', paused: true, pauseReason: 'holidays' }] }),
    getGroupScaling: ({ id }) => known(id),
    planScaling: ({ id }) => ({ group: known(id), actions: [event(0)] }),
    pauseScaling: ({ id, reason }) => {
      done.push(`pause ${id}: ${reason}`);
      return known(id);
    },
    resumeScaling: ({ id }) => {
      done.push(`resume ${id}`);
      return known(id);
    },
    listScalingEvents: ({ groupId, backendId, pageSize, pageToken }) => {
      done.push(`events of ${groupId} ${backendId} ${pageToken}`);
      const from = pageToken === '' ? 1_200 : Number(pageToken);
      const events = Array.from({ length: Math.min(pageSize, from) }, (_, at) => event(from - at));
      return { events, nextPageToken: from > pageSize ? String(from - pageSize) : '' };
    },
    forceStop: ({ id, reason }) => {
      done.push(`stop ${id}: ${reason}`);
      return { id };
    },
  });
};

beforeAll(async () => {
  server = await serveFake(routes);
});
afterAll(async () => {
  await server[Symbol.asyncDispose]();
});

const run = (...argv: string[]) => runCommand(argv, { env: { TRINO_GATEWAY_URL: server.url } });

test('list shows of each group what waits, what is wanted and why', async () => {
  const { code, out } = await run('scaling', 'list');
  expect(code).toBe(0);
  const [head, first, second] = out.split('\n');
  expect(head).toMatch(/^GROUP +PAUSED +READY +WANTED +QUEUED +LONGEST WAIT +LEADER +REASON$/);
  expect(first).toMatch(/^xl +no +1 of 3 +2 +3 +1m 35s +monitor-1 +3 queries wait$/);
  expect(second).toMatch(/^idle +holidays +0 of 0 +0 +0 +- +- +-$/);
  expect(JSON.parse((await run('scaling', 'list', '-o', 'json')).out)).toMatchObject({
    groups: [{ groupId: 'xl' }, {}],
  });
});

test('show names each cluster, its state and what is wrong with it', async () => {
  const { out } = await run('scaling', 'show', 'xl');
  expect(out).toMatch(/^xl1 +READY +1h 1m +yes +4 +5 +yes +it is ready$/m);
  expect(out).toMatch(/^xl2 +STARTING +42s +no +0 +any +yes +3 queries wait; the API server does not answer$/m);
  expect(out).toMatch(/^xl3 +DEACTIVATED +- +no +0 +any +no +it is disabled$/m);
  expect(JSON.parse((await run('scaling', 'show', 'xl', '-o', 'json')).out)).toMatchObject({
    groupId: 'xl',
    queued: 3,
  });
  expect(await run('scaling', 'show', 'static')).toMatchObject({
    code: 1,
    err: expect.stringMatching(/no autoscaling/),
  });
});

test('plan says what would be done, and why', async () => {
  const { out } = await run('scaling', 'plan', 'xl');
  expect(out).toMatch(/^2 wanted: 3 queries wait\n/);
  expect(out).toMatch(/^2026-01-31T12:00:00.000Z +xl +xl2 +STARTED +monitor-1 +3 queries wait$/m);
  expect(JSON.parse((await run('scaling', 'plan', 'xl', '-o', 'json')).out)).toMatchObject({
    actions: [{ kind: 'STARTED' }],
  });
});

test('pause, resume and force-stop say what they did; a stop by force needs a reason', async () => {
  done.length = 0;
  expect((await run('scaling', 'pause', 'xl', '--reason', 'holidays')).out).toBe('autoscaling of group "xl" paused');
  expect((await run('scaling', 'resume', 'xl')).out).toBe('autoscaling of group "xl" resumed');
  expect((await run('force-stop', 'xl2', '--reason', 'it hangs')).out).toMatch(
    /^backend "xl2" will be stopped by force/,
  );
  expect(await run('force-stop', 'xl2')).toMatchObject({ code: 2, err: expect.stringMatching(/--reason/) });
  expect(done).toEqual(['pause xl: holidays', 'resume xl', 'stop xl2: it hangs']);
});

test('events are read in pages up to the limit, of one group or cluster', async () => {
  done.length = 0;
  const { out, err } = await run('scaling', 'events', '--group', 'xl', '--backend', 'xl2', '--limit', '1100');
  expect(out.split('\n')).toHaveLength(1_101);
  expect(err).toBe('there are more than 1100; --limit shows more');
  expect(done).toEqual(['events of xl xl2 ', 'events of xl xl2 200']);
  expect(await run('scaling', 'events', '--limit', '0')).toMatchObject({ code: 2 });
});
