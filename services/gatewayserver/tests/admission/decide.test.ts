import { describe, expect, test } from '@jest/globals';
import type { TestGatewayserver } from '../support/gatewayserver-fixture.ts';
import { running, startLimited, submission } from './support/admission-fixture.ts';

type Json = Record<string, unknown>;
type Prepared = {
  backend?: Json;
  group?: Json;
  keys?: Record<string, string>;
  before?: (server: TestGatewayserver) => Promise<unknown>;
  asked?: Json;
};

const limited = { backend: { maxRunningQueries: 2 } };
const full = (server: TestGatewayserver) => running(server).then(() => running(server));
const kill = { statement: `CALL system.runtime.kill_query(query_id => 'q', message => 'm')` };

/** Of each: what is prepared, and what `Decide` answers. */
const cases: [string, Prepared, Json][] = [
  ['nothing is limited', { backend: { maxRunningQueries: 0 } }, { verdict: 'RUNS', decision: { backendId: 'b' } }],
  [
    'a slot is free',
    { ...limited, before: running },
    { verdict: 'RUNS', decision: { backendId: 'b' }, text: 'backend b has room: 1 of 2 running' },
  ],
  [
    'the cluster is at its limit',
    { ...limited, before: full },
    {
      verdict: 'WAITS',
      position: 1,
      summary: 'waits at place 1: all slots of group g are taken',
      text: 'backend b is at its limit of 2 (2 running)',
    },
  ],
  [
    'the group is at its limit on each cluster',
    { backend: { maxRunningQueries: 0 }, group: { maxRunningQueriesPerBackend: 1 }, before: running },
    { verdict: 'WAITS', position: 1, text: 'backend b is at the limit of group g, 1 on each backend' },
  ],
  [
    'its user is at the limit, with others behind it in the queue',
    {
      backend: { maxRunningQueries: 9 },
      group: { queue: { perUserMaxRunning: 1 } },
      before: running,
      asked: { user: 'ann' },
    },
    { verdict: 'WAITS', position: 1, summary: 'waits at place 1: its user has 1 queries of 1 running' },
  ],
  [
    'an operator holds the group, and two wait already',
    {
      before: async (server) => {
        await server.ok('QueueService/HoldGroup', { id: 'g' });
        for (const user of ['ann', 'bob']) await submission(server, user).enqueue();
      },
    },
    { verdict: 'WAITS', position: 3, summary: 'waits at place 3: group g is held by an operator' },
  ],
  [
    'the queue of the group is full',
    {
      group: { queue: { maxQueued: 1 } },
      before: async (server) => {
        await running(server);
        await submission(server).enqueue();
      },
    },
    {
      verdict: 'REFUSED',
      refusalErrorName: 'QUERY_QUEUE_FULL',
      refusal: expect.stringContaining('Too many queued queries for group g: at most 1 may wait'),
    },
  ],
  [
    'the statement is larger than what may wait',
    { keys: { queue_max_bytes_per_user: '5' }, before: running },
    { verdict: 'REFUSED', refusalErrorName: 'QUERY_QUEUE_FULL' },
  ],
  [
    'no cluster is available, and the group queues for that',
    {
      group: { queue: { whenUnavailable: 'QUEUE' } },
      before: (server) => server.ok('BackendService/DisableBackend', { id: 'b' }),
    },
    { verdict: 'WAITS', position: 1, text: 'backend b is not available' },
  ],
  [
    'no cluster is available',
    { before: (server) => server.ok('BackendService/DisableBackend', { id: 'b' }) },
    { verdict: 'REFUSED', refusalErrorName: 'NO_NODES_AVAILABLE', refusal: expect.stringContaining('it is disabled') },
  ],
  [
    'the group is disabled, so it does not queue either',
    {
      group: { queue: { whenUnavailable: 'QUEUE' } },
      before: async (server) => {
        await server.ok('PolicyService/PutPolicy', { policy: { id: 'p', listeningPort: 7, groupId: 'g' } });
        await server.ok('GroupService/DisableGroup', { id: 'g' });
      },
      asked: { listeningPort: 7 },
    },
    { verdict: 'REFUSED', refusal: 'No cluster is available for this query: group g is disabled' },
  ],
  [
    'the statement never waits',
    { before: running, asked: kill },
    { verdict: 'RUNS', decision: { backendId: 'b' }, text: 'backend b is at its limit of 1 (1 running)' },
  ],
];

describe('Decide says what then happens, when', () => {
  test.each(cases)('%s', async (_, { before: prepare, asked = {}, ...prepared }, expected) => {
    await using server = await startLimited(prepared);
    await prepare?.(server);
    const request = { user: 'ann', statement: 'SELECT 1', ...asked };
    const stored = async () =>
      withoutClock([await server.ok('QueueService/ListQueued', {}), await server.ok('QueueService/GetQueueStats', {})]);
    const before = await stored();
    const decided = await server.ok('RoutingService/Decide', request);
    expect(withoutClock(await server.ok('RoutingService/Decide', request))).toEqual(withoutClock(decided));
    expect(withoutClock((await server.get('RoutingService/Decide', request)).body)).toEqual(withoutClock(decided));
    expect(await stored()).toEqual(before);
    const { text, ...answer } = expected;
    expect(decided).toMatchObject(answer);
    if (text !== undefined)
      expect((decided.reasons as Json[]).map((reason) => String(reason.text))).toContainEqual(text);
    const { statement, ...others } = request;
    expect(await whatHappens(server, others, statement)).toEqual({
      verdict: decided.verdict,
      position: decided.position,
      backendId: (decided.decision as Json | undefined)?.backendId,
      refusal: decided.refusal,
    });
  });

  test('clusters are chosen in turn: the one that is next, however often that is asked', async () => {
    await using server = await startLimited({ group: { strategy: 'ROUND_ROBIN' }, ...limited });
    await server.ok('BackendService/PutBackend', { backend: { id: 'c', url: 'http://c', maxRunningQueries: 2 } });
    await server.ok('BackendService/MarkHealthy', { id: 'c' });
    await server.ok('GroupService/PutGroup', { group: { id: 'g', backendIds: ['b', 'c'], strategy: 'ROUND_ROBIN' } });
    const chosen = async (answer: Promise<Json>) => ((await answer).decision as Json).backendId;
    for (let at = 0; at < 4; at++) {
      const foretold = await chosen(server.ok('RoutingService/Decide', {}));
      expect(await chosen(server.ok('RoutingService/Decide', {}))).toBe(foretold);
      expect(await chosen(submission(server).route())).toBe(foretold);
    }
  });
});

/** Without what the passing of time changes. */
function withoutClock(answer: unknown): unknown {
  return JSON.parse(JSON.stringify(answer), (key, value) =>
    key === 'longestWaitMs' || key === 'estimatedStart' ? undefined : value,
  );
}

/** What a router would be answered, and do. */
async function whatHappens(server: TestGatewayserver, request: Json, statement: string): Promise<Json> {
  const one = submission(server);
  const { decision, mustWait, refusal } = await one.route({ ...request, statement });
  if (refusal !== undefined) return { verdict: 'REFUSED', refusal };
  const { backendId, priority, groupId } = decision as Json;
  if (mustWait !== true) return { verdict: 'RUNS', backendId };
  const sealed = Buffer.from(statement).toString('base64');
  const queued = await one.enqueue({ user: request.user, priority, groupId, sealed });
  if (queued.refusal !== undefined) return { verdict: 'REFUSED', refusal: queued.refusal };
  return { verdict: 'WAITS', position: queued.position };
}
