import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { startScriptedTrino } from '@trino-gateway/testing';
import { startTestGatewayserver, type TestGatewayserver } from './gatewayserver-fixture.ts';

jest.setTimeout(120_000); // a busy machine starts a server slowly

let server: TestGatewayserver;
beforeAll(async () => {
  server = await startTestGatewayserver();
  await server.ok('BackendService/PutBackend', { backend: { id: 'one', url: 'http://127.0.0.1:1001' } });
  await server.ok('BackendService/PutBackend', { backend: { id: 'two', url: 'http://127.0.0.1:1002' } });
  await server.ok('GroupService/PutGroup', { group: { id: 'both', backendIds: ['one', 'two'] } });
});
afterAll(async () => {
  await server[Symbol.asyncDispose]();
});

const report = (backendId: string, given: Record<string, unknown> = {}) =>
  server.ok('BackendService/ReportBackendStatus', {
    status: { backendId, state: 'UP', healthy: true, clusterLoad: 1, observedAt: new Date().toISOString(), ...given },
  });

describe('backends', () => {
  test('Put stores the origin of the URL and the defaults, and answers them with the condition', async () => {
    const backend = { id: 'defaults', url: 'HTTP://Trino.Example:80/' };
    expect(await server.ok('BackendService/PutBackend', { backend })).toEqual({
      id: 'defaults',
      enabled: true,
      url: 'http://trino.example',
      forwardedHeaders: 'AUTO',
      forwarding: 'PROXY',
      condition: { reasons: ['it was not probed yet'] },
    });
    expect(await server.ok('BackendService/PutBackend', { backend })).toMatchObject({ id: 'defaults' });
  });

  test('outside its schedule a backend takes no new query, and whoever asks is told until when', async () => {
    const backend = { id: 'nightly', url: 'http://n', uptimeSchedule: '* 0-5 * * *', timeZone: 'Europe/Vienna' };
    await server.ok('BackendService/PutBackend', { backend });
    await report('nightly');
    const condition = async () =>
      (await server.get('BackendService/GetBackend', { id: 'nightly' })).body.condition as Record<string, unknown>;
    expect(await condition()).toMatchObject({ available: true });

    const nextChanges = [{ at: '2124-01-01T23:00:00Z', scheduledUp: true }, { at: '2124-01-02T05:00:00Z' }];
    const { uptimeSchedule, timeZone } = backend;
    const schedule = { backendId: 'nightly', uptimeSchedule, timeZone, nextChanges };
    await server.ok('BackendService/ReportBackendSchedule', { schedule });
    expect(await condition()).toMatchObject({
      reasons: ['it is outside its uptime schedule "* 0-5 * * *" (Europe/Vienna) until 2124-01-01T23:00:00.000Z'],
      schedule: { uptimeSchedule, timeZone, nextChanges },
    });
    expect((await condition()).available).toBeUndefined();

    await server.ok('BackendService/PutBackend', { backend: { ...backend, timeZone: 'UTC' } });
    expect(await condition()).toMatchObject({ available: true }); // nobody has read this one yet
    expect((await condition()).schedule).toBeUndefined();
    await server.ok('BackendService/DeleteBackend', { id: 'nightly' });
  });

  test('a schedule that was reported before a known change counts as after it', async () => {
    const schedule = { backendId: 'silent', uptimeSchedule: '0 12 1 1 *', timeZone: '' };
    const { uptimeSchedule } = schedule;
    await server.ok('BackendService/PutBackend', { backend: { id: 'silent', url: 'http://s', uptimeSchedule } });
    await report('silent');
    await server.ok('BackendService/ReportBackendSchedule', {
      schedule: {
        ...schedule,
        nextChanges: [
          { at: '2020-01-01T12:00:00Z', scheduledUp: true },
          { at: '2124-01-01T12:01:00Z', scheduledUp: false },
        ],
      },
    });
    expect(await server.ok('BackendService/GetBackend', { id: 'silent' })).toMatchObject({
      condition: {
        available: true,
        schedule: { scheduledUp: true, nextChanges: [{ at: '2124-01-01T12:01:00Z' }] },
      },
    });
    await server.ok('BackendService/DeleteBackend', { id: 'silent' });
  });

  test('a write holds for the next read', async () => {
    for (const weight of [1, 2, 3]) {
      await server.ok('BackendService/PutBackend', { backend: { id: 'w', url: 'http://w', weight } });
      expect((await server.get('BackendService/GetBackend', { id: 'w' })).body.weight).toBe(weight);
    }
    await server.ok('BackendService/DeleteBackend', { id: 'w' });
    expect((await server.get('BackendService/GetBackend', { id: 'w' })).body.code).toBe('not_found');
  });

  test('a password is never read back, and is kept by a Put of what was read', async () => {
    const put = (probe: Record<string, string>) =>
      server.post('BackendService/PutBackend', { backend: { id: 'secret', url: 'https://s', probe } });
    const nothingToKeep = await put({ user: 'u', password: '********' });
    expect(nothingToKeep.body).toMatchObject({ code: 'invalid_argument' });
    expect(nothingToKeep.body.message).toMatch(/^backend\.probe\.password: /);
    expect((await put({ user: 'u', password: 'hush' })).body.probe).toEqual({ user: 'u', password: '********' });
    expect((await put({ user: 'u2', password: '********' })).body.probe).toEqual({ user: 'u2', password: '********' });
    expect(JSON.stringify(await server.ok('BackendService/ListBackends'))).not.toContain('hush');
    const watched = await server.ok('SuiteService/WatchBackends');
    expect(watched.backends).toContainEqual(
      expect.objectContaining({ id: 'secret', probe: { user: 'u2', password: 'hush' } }),
    );
  });

  test('enabling, disabling and draining may be repeated, and a Put keeps what was set', async () => {
    const call = async (verb: string) =>
      (await server.ok(`BackendService/${verb}Backend`, { id: 'one' })) as never as {
        enabled: boolean;
        condition: { draining?: boolean; reasons?: string[] };
      };
    await report('one');
    expect(await call('Disable')).toMatchObject({ enabled: false, condition: { reasons: ['it is disabled'] } });
    expect(await call('Disable')).toMatchObject({ enabled: false });
    const put = { backend: { id: 'one', url: 'http://127.0.0.1:1001' } };
    expect(await server.ok('BackendService/PutBackend', put)).toMatchObject({ enabled: false });
    expect(await call('Drain')).toMatchObject({ condition: { draining: true } });
    const enabled = await call('Enable');
    expect(enabled).toMatchObject({ enabled: true, condition: { available: true } });
    expect(enabled.condition.draining).toBeUndefined();
  });

  test('an operator overrides the monitor until the time is over', async () => {
    await report('one', { healthy: false, state: 'UNREACHABLE', reason: 'connection refused' });
    expect(await server.ok('BackendService/GetBackend', { id: 'one' })).toMatchObject({
      condition: { reasons: ['it is not healthy (UNREACHABLE): connection refused'], status: { state: 'UNREACHABLE' } },
    });
    expect(await server.ok('BackendService/MarkHealthy', { id: 'one', durationMs: 60_000 })).toMatchObject({
      condition: { available: true, override: { healthy: true } },
    });
    expect(await server.ok('BackendService/MarkUnhealthy', { id: 'one', reason: 'upgrade' })).toMatchObject({
      condition: { reasons: [expect.stringContaining('upgrade')] },
    });
    expect(await server.ok('BackendService/UpdateClusterLoad', { id: 'one', clusterLoad: 7 })).toMatchObject({
      condition: { override: { healthy: false, clusterLoad: 7, reason: 'upgrade' } },
    });
    await server.ok('BackendService/MarkHealthy', { id: 'one', durationMs: 1 });
  });

  test('an older finding does not undo a newer one', async () => {
    await report('two', { healthy: true });
    await report('two', { healthy: false, observedAt: new Date(Date.now() - 60_000).toISOString() });
    expect(await server.ok('BackendService/GetBackend', { id: 'two' })).toMatchObject({
      condition: { available: true },
    });
  });

  test('lists come in the order of ids and in pages', async () => {
    const first = await server.ok('BackendService/ListBackends', { pageSize: 2 });
    expect(first).toMatchObject({ backends: [{ id: 'defaults' }, { id: 'one' }], nextPageToken: expect.any(String) });
    const rest = await server.ok('BackendService/ListBackends', { pageToken: first.nextPageToken });
    expect(rest).toMatchObject({ backends: [{ id: 'secret' }, { id: 'two' }] });
    expect(rest.nextPageToken).toBeUndefined();
  });
});

describe('groups and policies', () => {
  test('what is referred to cannot be deleted, and the answer names who refers to it', async () => {
    await server.ok('GroupService/PutGroup', { group: { id: 'spare', backendIds: ['two'] } });
    await server.ok('PolicyService/PutPolicy', {
      policy: { id: 'refers', listeningPort: 9999, groupId: 'both', fallbackGroupId: 'spare' },
    });
    const refusals = await Promise.all([
      server.post('BackendService/DeleteBackend', { id: 'two' }),
      server.post('GroupService/DeleteGroup', { id: 'both' }),
      server.post('GroupService/DeleteGroup', { id: 'spare' }),
    ]);
    expect(refusals.map(({ body }) => [body.code, body.message])).toEqual([
      ['failed_precondition', 'backend "two" is still used by group "both", group "spare"'],
      ['failed_precondition', 'group "both" is still used by policy "refers"'],
      ['failed_precondition', 'group "spare" is still used by policy "refers"'],
    ]);
    await server.ok('PolicyService/DeletePolicy', { id: 'refers' });
    await server.ok('GroupService/DeleteGroup', { id: 'spare' });
  });

  test('get, list, enable and disable', async () => {
    expect(await server.ok('GroupService/DisableGroup', { id: 'both' })).toMatchObject({ enabled: false });
    expect(await server.ok('GroupService/EnableGroup', { id: 'both' })).toMatchObject({
      enabled: true,
      strategy: 'LEAST_LOAD',
    });
    expect((await server.get('GroupService/GetGroup', { id: 'both' })).body.backendIds).toEqual(['one', 'two']);
    expect(await server.ok('GroupService/ListGroups')).toMatchObject({ groups: [{ id: 'both' }] });
    await server.ok('PolicyService/PutPolicy', { policy: { id: 'p', host: 'h', groupId: 'both' } });
    expect(await server.ok('PolicyService/DisablePolicy', { id: 'p' })).toMatchObject({ enabled: false });
    expect(await server.ok('PolicyService/EnablePolicy', { id: 'p' })).toMatchObject({ enabled: true });
    expect((await server.get('PolicyService/GetPolicy', { id: 'p' })).body.host).toBe('h');
    expect(await server.ok('PolicyService/ListPolicies')).toMatchObject({ policies: [{ id: 'p' }] });
    await server.ok('PolicyService/DeletePolicy', { id: 'p' });
  });
});

describe('decisions', () => {
  beforeAll(async () => {
    await Promise.all(['one', 'two'].map((id) => server.ok('BackendService/MarkHealthy', { id })));
    await server.ok('PolicyService/PutPolicy', {
      policy: { id: 'bi', listeningPort: 8443, groupId: 'both', authDelegated: true, requestSource: 'bi' },
    });
  });

  test('Decide tells decision and reasons and changes nothing', async () => {
    const asked = { listeningPort: 8443, statement: 'SELECT 1', user: 'ann' };
    const expected = {
      decision: { groupId: 'both', decidedBy: 'policy bi', authDelegated: true, requestSource: 'bi' },
      reasons: [
        { step: 'policies', outcome: 'CHOSE' },
        { step: 'group both', outcome: 'CHOSE' },
      ],
    };
    expect(await server.ok('RoutingService/Decide', asked)).toMatchObject(expected);
    expect((await server.get('RoutingService/Decide', asked)).body).toMatchObject(expected);
    expect((await server.ok('BackendService/ListBackends')).backends).not.toContainEqual(
      expect.objectContaining({ condition: expect.objectContaining({ liveQueries: expect.anything() }) }),
    );
  });

  test('the evaluations are views of the same decision', async () => {
    expect(await server.ok('PolicyService/EvaluateGroupsForClient', { listeningPort: 8443 })).toEqual({
      groupIds: ['both'],
      policyIds: ['bi'],
    });
    const delegation = 'PolicyService/EvaluateAuthDelegationForClient';
    expect(await server.ok(delegation, { listeningPort: 8443 })).toEqual({ authDelegated: true });
    expect(await server.ok(delegation, { listeningPort: 1 })).toEqual({});
    const source = 'PolicyService/EvaluateRequestSourceForClient';
    expect(await server.ok(source, { listeningPort: 8443 })).toEqual({ requestSource: 'bi', groupId: 'both' });
    expect(await server.ok(source, { listeningPort: 1 })).toEqual({});
    expect(await server.ok('GroupService/EvaluateBackendForGroups', { groupIds: ['both'] })).toMatchObject({
      backendId: expect.stringMatching(/^(one|two)$/),
      groupId: 'both',
    });
  });

  test('Route repeated answers the same and counts once; with a backend excluded the other one', async () => {
    const asked = { submissionId: 's1', routerId: 'r1', listeningPort: 8443 };
    const first = (await server.ok('RoutingService/Route', asked)) as { decision: { backendId: string } };
    expect(first).toMatchObject({
      authDelegated: true,
      backend: { url: expect.any(String), forwardedHeaders: 'AUTO', forwarding: 'PROXY' },
    });
    for (let at = 0; at < 5; at++) expect(await server.ok('RoutingService/Route', asked)).toEqual(first);
    const { backendId } = first.decision;
    expect(await server.ok('BackendService/GetBackend', { id: backendId })).toMatchObject({
      condition: { liveQueries: 1 },
    });
    const other = await server.ok('RoutingService/Route', { ...asked, excludedBackendIds: [backendId] });
    expect(other).toMatchObject({ decision: { backendId: backendId === 'one' ? 'two' : 'one' } });
    await server.ok('SuiteService/ReportLiveQueries', { routerId: 'r1', settledSubmissionIds: ['s1'] });
    expect(JSON.stringify(await server.ok('BackendService/ListBackends'))).not.toContain('liveQueries');
  });

  test('Route says why not in words for the client', async () => {
    const asked = { submissionId: 's2', routerId: 'r1', listeningPort: 1 };
    expect(await server.ok('RoutingService/Route', asked)).toMatchObject({
      refusal: expect.stringContaining('no policy matches'),
      refusalErrorName: 'QUERY_REJECTED',
    });
    const excludedBackendIds = ['one', 'two'];
    expect(
      await server.ok('RoutingService/Route', { ...asked, listeningPort: 8443, excludedBackendIds }),
    ).toMatchObject({
      refusal: expect.stringContaining('one: it has already failed for this query'),
      refusalErrorName: 'NO_NODES_AVAILABLE',
      authDelegated: true,
    });
  });
});

describe('queries', () => {
  const trinoId = (suffix: string) => `20261121_080808_00130_${suffix}`;

  test('reports become history, which filters and pages', async () => {
    const submittedAt = (second: number) => new Date(Date.UTC(2026, 0, 1, 0, 0, second)).toISOString();
    const query = (id: string, second: number, given = {}) => ({
      id,
      trinoQueryId: id,
      text: 'SELECT 1',
      user: 'ann',
      backendId: 'one',
      groupId: 'both',
      state: 'RUNNING',
      submittedAt: submittedAt(second),
      ...given,
    });
    await server.ok('QueryService/RecordQueries', {
      queries: [query('q1', 1), query('q2', 2, { user: 'bob' }), query('q3', 3)],
    });
    await server.ok('QueryService/RecordQueries', {
      queries: [{ id: 'q1', state: 'FINISHED', endedAt: submittedAt(9) }],
    });
    expect((await server.get('QueryService/GetQuery', { id: 'q1' })).body).toMatchObject({
      state: 'FINISHED',
      user: 'ann',
    });
    const ids = async (filter: object) => {
      const { queries } = (await server.ok('QueryService/ListQueries', filter)) as { queries?: { id: string }[] };
      return queries?.map(({ id }) => id) ?? [];
    };
    expect(await ids({})).toEqual(['q3', 'q2', 'q1']);
    expect(await ids({ order: 'OLDEST_FIRST', user: 'ann' })).toEqual(['q1', 'q3']);
    expect(await ids({ state: 'FINISHED' })).toEqual(['q1']);
    expect(await ids({ submittedAfter: submittedAt(2), submittedBefore: submittedAt(3) })).toEqual(['q2']);
    const page = await server.ok('QueryService/ListQueries', { pageSize: 2 });
    expect(await ids({ pageToken: page.nextPageToken })).toEqual(['q1']);
  });

  test('a text is looked for within a time range: the last day, the day before a given end, or the one that is given', async () => {
    const hoursAgo = (hours: number) => new Date(Date.now() - hours * 3_600_000).toISOString();
    const query = (id: string, hours: number) => ({ id, text: `SELECT 'needle'`, submittedAt: hoursAgo(hours) });
    const queries = [query('n1', 1), query('n23', 23), query('n25', 25), query('n47', 47), query('n49', 49)];
    await server.ok('QueryService/RecordQueries', { queries });
    const ids = async (filter: object) => {
      const { queries } = (await server.ok('QueryService/ListQueries', filter)) as { queries?: { id: string }[] };
      return queries?.map(({ id }) => id) ?? [];
    };
    const text = 'needle';
    expect(await ids({ text })).toEqual(['n1', 'n23']);
    expect(await ids({ text, submittedBefore: hoursAgo(24) })).toEqual(['n25', 'n47']);
    expect(await ids({ text, submittedAfter: hoursAgo(48) })).toEqual(['n1', 'n23', 'n25', 'n47']);
    expect(await ids({ text, submittedAfter: hoursAgo(48), submittedBefore: hoursAgo(24) })).toEqual(['n25', 'n47']);
    const first = await server.ok('QueryService/ListQueries', { text, pageSize: 1 });
    expect(await ids({ text, pageToken: first.nextPageToken })).toEqual(['n23']);
  });

  test('an owner is found by the suffix of the id, else by history', async () => {
    await server.ok('SuiteService/RecordIncarnation', {
      suffix: 'abcde',
      backendId: 'one',
      url: 'http://127.0.0.1:1/',
    });
    const find = (id: string) => server.post('QueryService/FindBackendForQuery', { id });
    expect((await find(trinoId('abcde'))).body).toEqual({ backendId: 'one', url: 'http://127.0.0.1:1' });
    expect((await find('q2')).body).toEqual({ backendId: 'one', url: 'http://127.0.0.1:1001' });
    expect((await find(trinoId('zzzzz'))).body.code).toBe('not_found');
  });

  test('cancelling asks the owning cluster in the name of the query’s user', async () => {
    await using trino = await startScriptedTrino();
    const id = trinoId(trino.suffix);
    await server.ok('SuiteService/RecordIncarnation', { suffix: trino.suffix, backendId: 'two', url: trino.url });
    await server.ok('QueryService/RecordQueries', {
      queries: [
        {
          id,
          trinoQueryId: id,
          user: 'ann',
          backendId: 'two',
          state: 'RUNNING',
          submittedAt: new Date().toISOString(),
        },
      ],
    });
    await server.ok('QueryService/CancelQuery', { id });
    const asked = JSON.stringify(trino.requests.at(-1));
    expect(asked).toContain('DELETE');
    expect(asked).toContain(`/v1/query/${id}`);
    expect(asked).toContain('"ann"');
  });

  test('cancelling on a cluster that does not answer is UNAVAILABLE, of a query nobody knows NOT_FOUND', async () => {
    expect((await server.post('QueryService/CancelQuery', { id: trinoId('abcde') })).body.code).toBe('unavailable');
    expect((await server.post('QueryService/CancelQuery', { id: trinoId('yyyyy') })).body.code).toBe('not_found');
  });
});

describe('between the processes', () => {
  test('a watch answers at once when the caller is behind, and when something changes', async () => {
    const { revision } = await server.ok('SuiteService/WatchSnapshot');
    const unchanged = await server.ok('SuiteService/WatchSnapshot', { revision, waitMs: 1 });
    expect(unchanged).toEqual({ revision });
    const held = server.ok('SuiteService/WatchSnapshot', { revision, waitMs: 30_000 });
    await server.ok('BackendService/PutBackend', { backend: { id: 'new', url: 'http://new' } });
    const changed = await held;
    expect(changed.revision).not.toBe(revision);
    expect(changed.backends).toContainEqual({
      id: 'new',
      url: 'http://new',
      forwardedHeaders: 'AUTO',
      forwarding: 'PROXY',
    });
    expect(Buffer.from(String(changed.refusalKey), 'base64')).toHaveLength(32);
    expect(changed.incarnations).toContainEqual(expect.objectContaining({ suffix: 'abcde', backendId: 'one' }));
  });

  test('an open transaction is found until it ends, and nobody can move it', async () => {
    const transaction = { id: '01234567-89ab-cdef-0123-456789abcdef', backendId: 'one', url: 'http://one:8080' };
    const { id } = transaction;
    const find = async () => (await server.post('SuiteService/FindTransaction', { id })).body;
    expect((await find()).code).toBe('not_found');
    await server.ok('SuiteService/RecordTransaction', { transaction });
    await server.ok('SuiteService/RecordTransaction', { transaction: { ...transaction, url: 'http://other:8080' } });
    expect(await find()).toEqual(transaction);
    await server.ok('SuiteService/EndTransaction', { id });
    await server.ok('SuiteService/EndTransaction', { id });
    expect((await find()).code).toBe('not_found');
    for (const bad of [{ id: 'T' }, { url: 'ftp://one' }, { backendId: 'no/id' }])
      expect(
        (await server.post('SuiteService/RecordTransaction', { transaction: { ...transaction, ...bad } })).body,
      ).toMatchObject({ code: 'invalid_argument', message: expect.stringContaining(`transaction.`) as unknown });
  });

  test('routers are told at once when clients are to reach a cluster themselves, and decisions say it too', async () => {
    const { revision } = await server.ok('SuiteService/WatchSnapshot');
    const held = server.ok('SuiteService/WatchSnapshot', { revision, waitMs: 30_000 });
    const direct = { url: 'http://direct', externalUrl: 'HTTPS://Direct.example:443/', forwarding: 'DIRECT' };
    const stored = { url: 'http://direct', externalUrl: 'https://direct.example', forwarding: 'DIRECT' };
    const put = await server.ok('BackendService/PutBackend', { backend: { id: 'direct', ...direct } });
    expect(put).toMatchObject(stored);
    const told = { id: 'direct', forwardedHeaders: 'AUTO', ...stored };
    expect((await held).backends).toContainEqual(told);
    await server.ok('GroupService/PutGroup', { group: { id: 'direct', backendIds: ['direct'] } });
    const policy = { id: 'direct', host: 'direct.example', groupId: 'direct' };
    await server.ok('PolicyService/PutPolicy', { policy });
    await report('direct');
    const asked = { submissionId: 'd1', routerId: 'r1', host: 'direct.example' };
    expect(await server.ok('RoutingService/Route', asked)).toMatchObject({ backend: told });
    await server.ok('PolicyService/DeletePolicy', { id: 'direct' });
    await server.ok('GroupService/DeleteGroup', { id: 'direct' });
    await server.ok('BackendService/DeleteBackend', { id: 'direct' });
  });

  test('the monitor’s own findings do not wake its watch', async () => {
    const { revision } = await server.ok('SuiteService/WatchBackends');
    await report('one');
    expect(await server.ok('SuiteService/WatchBackends', { revision, waitMs: 1 })).toEqual({ revision });
  });
});

describe('bad input changes nothing and is told by its field', () => {
  const backend = { id: 'bad', url: 'http://x' };
  const group = { id: 'bad', backendIds: ['one'] };
  const policy = { id: 'bad', listeningPort: 1, groupId: 'both' };
  const long = 'x'.repeat(300);

  test.each<[string, unknown, string]>([
    ['BackendService/PutBackend', {}, 'backend: '],
    ['BackendService/PutBackend', { backend: { ...backend, id: '' } }, 'backend.id: '],
    ['BackendService/PutBackend', { backend: { ...backend, id: long } }, 'backend.id: '],
    ['BackendService/PutBackend', { backend: { ...backend, id: 'a/b' } }, 'backend.id: '],
    ['BackendService/PutBackend', { backend: { ...backend, url: '' } }, 'backend.url: '],
    ['BackendService/PutBackend', { backend: { ...backend, url: 'trino:8080' } }, 'backend.url: '],
    ['BackendService/PutBackend', { backend: { ...backend, url: 'http://x/path' } }, 'backend.url: '],
    ['BackendService/PutBackend', { backend: { ...backend, url: 'http://user:pw@x' } }, 'backend.url: '],
    ['BackendService/PutBackend', { backend: { ...backend, loadThreshold: -1 } }, 'backend.load_threshold: '],
    ['BackendService/PutBackend', { backend: { ...backend, weight: 1_000_001 } }, 'backend.weight: '],
    ['BackendService/PutBackend', { backend: { ...backend, weight: 'heavy' } }, 'backend.weight: '],
    ['BackendService/PutBackend', { backend: { ...backend, enabled: 'yes' } }, 'backend.enabled: '],
    [
      'BackendService/PutBackend',
      { backend: { ...backend, forwardedHeaders: 'SOMETIMES' } },
      'backend.forwarded_headers: expected one of AUTO, SEND, OMIT, got "SOMETIMES"',
    ],
    ['BackendService/PutBackend', { backend: { ...backend, forwardedHeaders: 99 } }, 'backend.forwarded_headers: '],
    [
      'BackendService/PutBackend',
      { backend: { ...backend, forwarding: 'SOMETIMES' } },
      'backend.forwarding: expected one of PROXY, DIRECT, got "SOMETIMES"',
    ],
    ['BackendService/PutBackend', { backend: { ...backend, externalUrl: 'https://x/ui' } }, 'backend.external_url: '],
    ['BackendService/PutBackend', { backend: { ...backend, externalUrl: 7 } }, 'backend.external_url: '],
    ['BackendService/PutBackend', { backend: { ...backend, ulr: 'x' } }, 'backend.ulr: unknown field'],
    [
      'BackendService/PutBackend',
      { backend: { ...backend, probe: { statment: 'x' } } },
      'backend.probe.statment: unknown field',
    ],
    ['BackendService/PutBackend', { backend: { ...backend, uptimeSchedule: '@daily' } }, 'backend.uptime_schedule: '],
    [
      'BackendService/PutBackend',
      { backend: { ...backend, uptimeSchedule: '* * * * *', timeZone: 'Mars/Olympus' } },
      'backend.time_zone: ',
    ],
    ['BackendService/PutBackend', { backend: { ...backend, externalUrl: 'a:1' } }, 'backend.external_url: '],
    ['BackendService/PutBackend', { backend: { ...backend, forwarding: 'SIDEWAYS' } }, 'backend.forwarding: '],
    ['BackendService/PutBackend', { backend: 'one' }, 'backend: expected an object'],
    ['BackendService/GetBackend', { id: '' }, 'id: '],
    ['BackendService/GetBackend', { id: long }, 'id: '],
    ['BackendService/ListBackends', { pageSize: 1001 }, 'page_size: '],
    ['BackendService/ListBackends', { pageSize: -1 }, 'page_size: '],
    ['BackendService/ListBackends', { pageToken: '!' }, 'page_token: '],
    ['BackendService/MarkHealthy', { id: 'one', durationMs: 604_800_001 }, 'duration_ms: '],
    ['BackendService/MarkHealthy', { id: 'one', durationMs: -1 }, 'duration_ms: '],
    ['BackendService/UpdateClusterLoad', { id: 'one', clusterLoad: -1 }, 'cluster_load: '],
    ['BackendService/UpdateClusterLoad', { id: 'one', clusterLoad: 'NaN' }, 'cluster_load: '],
    ['BackendService/ReportBackendStatus', {}, 'status: '],
    ['BackendService/ReportBackendStatus', { status: { backendId: 'gone', state: 'UP' } }, 'status.backend_id: '],
    ['BackendService/ReportBackendStatus', { status: { backendId: 'one' } }, 'status.state: '],
    ['BackendService/ReportBackendSchedule', {}, 'schedule: '],
    ['BackendService/ReportBackendSchedule', { schedule: { backendId: 'one' } }, 'schedule.uptime_schedule: '],
    [
      'BackendService/ReportBackendSchedule',
      { schedule: { backendId: 'gone', uptimeSchedule: '* * * * *' } },
      'schedule.backend_id: ',
    ],
    [
      'BackendService/ReportBackendSchedule',
      { schedule: { backendId: 'one', uptimeSchedule: '* * * *' } },
      'schedule.uptime_schedule: ',
    ],
    [
      'BackendService/ReportBackendSchedule',
      {
        schedule: {
          backendId: 'one',
          uptimeSchedule: '* * * * *',
          nextChanges: [{ at: '2026-01-02T00:00:00Z' }, { at: '2026-01-01T00:00:00Z' }],
        },
      },
      'schedule.next_changes[1].at: ',
    ],
    ['GroupService/PutGroup', { group: { ...group, backendIds: [] } }, 'group.backend_ids: '],
    ['GroupService/PutGroup', { group: { ...group, backendIds: ['one', 'one'] } }, 'group.backend_ids: '],
    [
      'GroupService/PutGroup',
      { group: { ...group, backendIds: ['one', 'gone'] } },
      'group.backend_ids: expected backends that exist, got "gone"',
    ],
    [
      'GroupService/PutGroup',
      { group: { ...group, strategy: 'FASTEST' } },
      'group.strategy: expected one of LEAST_LOAD',
    ],
    ['GroupService/EvaluateBackendForGroups', { groupIds: ['gone'] }, 'group_ids: '],
    ['GroupService/EvaluateBackendForGroups', {}, 'group_ids: '],
    ['PolicyService/PutPolicy', { policy: { id: 'bad', groupId: 'both' } }, 'policy.rule: '],
    ['PolicyService/PutPolicy', { policy: { ...policy, listeningPort: 70_000 } }, 'policy.listening_port: '],
    [
      'PolicyService/PutPolicy',
      { policy: { ...policy, groupId: 'gone' } },
      'policy.group_id: expected groups that exist, got "gone"',
    ],
    ['PolicyService/PutPolicy', { policy: { ...policy, groupId: '' } }, 'policy.group_id: '],
    ['PolicyService/PutPolicy', { policy: { ...policy, fallbackGroupId: 'gone' } }, 'policy.fallback_group_id: '],
    [
      'PolicyService/PutPolicy',
      { policy: { id: 'bad', groupId: 'both', clientTags: { anyOf: ['a'] }, authDelegated: true } },
      'policy.auth_delegated: ',
    ],
    [
      'PolicyService/PutPolicy',
      { policy: { id: 'bad', groupId: 'both', connectionProperties: {} } },
      'policy.connection_properties: ',
    ],
    ['PolicyService/PutPolicy', { policy: { ...policy, requestSource: 'a\nb' } }, 'policy.request_source: '],
    ['PolicyService/EvaluateGroupsForClient', { listeningPort: -1 }, 'listening_port: '],
    ['RoutingService/Decide', { listeningPort: 65_536 }, 'listening_port: '],
    ['RoutingService/Route', { routerId: 'r' }, 'submission_id: '],
    ['RoutingService/Route', { submissionId: 's' }, 'router_id: '],
    ['QueryService/ListQueries', { pageToken: 'nonsense' }, 'page_token: '],
    ['QueryService/ListQueries', { pageSize: 5_000 }, 'page_size: '],
    ['QueryService/ListQueries', { state: 'LOST' }, 'state: expected one of QUEUED'],
    ['QueryService/ListQueries', { submittedAfter: 'yesterday' }, 'submitted_after: '],
    ['QueryService/ListQueries', { text: 'x'.repeat(1_001) }, 'text: '],
    ['QueryService/RecordQueries', { queries: [{ id: '' }] }, 'queries[0].id: '],
    ['SuiteService/RecordIncarnation', { suffix: 'ab', backendId: 'one', url: 'http://x' }, 'suffix: '],
    ['SuiteService/RecordIncarnation', { suffix: 'abcde', backendId: 'one', url: 'x' }, 'url: '],
    ['SuiteService/WatchBackends', { waitMs: 30_001 }, 'wait_ms: '],
    ['SuiteService/ReportLiveQueries', {}, 'router_id: '],
  ])('%s %j', async (rpc, message, start) => {
    const { status, body } = await server.post(rpc, message);
    expect([status, body.code]).toEqual([400, 'invalid_argument']);
    expect(String(body.message)).toMatch(new RegExp(`^${RegExp.escape(start)}`));
    expect((await server.get('BackendService/GetBackend', { id: 'bad' })).body.code).toBe('not_found');
  });

  test('every problem is told at once', async () => {
    const { body } = await server.post('BackendService/PutBackend', { backend: { id: '', url: 'x', weight: -1 } });
    expect(
      String(body.message)
        .split('; ')
        .map((one) => one.split(':')[0]),
    ).toEqual(['backend.id', 'backend.url', 'backend.weight']);
  });

  test.each(['', 'not json', '{"backend":', '[]', '\ufeff'])('a body that is no JSON object: %j', async (text) => {
    const { status, body } = await server.post('BackendService/PutBackend', text);
    expect([status, body.code]).toEqual([400, 'invalid_argument']);
  });

  test.each<[string, string]>([
    ['BackendService', 'Backend'],
    ['GroupService', 'Group'],
    ['PolicyService', 'Policy'],
  ])('an id that does not exist is NOT_FOUND in %s', async (service, noun) => {
    const verbs = ['Get', 'Delete', 'Enable', 'Disable', ...(noun === 'Backend' ? ['Drain'] : [])];
    for (const verb of verbs) {
      const { status, body } = await server.post(`${service}/${verb}${noun}`, { id: 'gone' });
      expect([verb, status, body.code, body.message]).toEqual([
        verb,
        404,
        'not_found',
        `there is no ${noun.toLowerCase()} "gone"`,
      ]);
    }
  });

  test('other calls that name what does not exist', async () => {
    for (const rpc of ['MarkHealthy', 'MarkUnhealthy', 'UpdateClusterLoad'])
      expect((await server.post(`BackendService/${rpc}`, { id: 'gone' })).body.code).toBe('not_found');
    expect((await server.post('QueryService/GetQuery', { id: 'gone' })).body.code).toBe('not_found');
    expect((await server.post('BackendService/Unknown')).status).toBe(404);
  });
});
