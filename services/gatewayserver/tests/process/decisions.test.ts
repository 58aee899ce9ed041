import { beforeAll, describe, expect, test } from '@jest/globals';
import { serverWithTwoBackends } from '../support/two-backends.ts';

const server = serverWithTwoBackends();

describe('decisions', () => {
  beforeAll(async () => {
    await Promise.all(['one', 'two'].map((id) => server.ok('BackendService/MarkHealthy', { id })));
    await server.ok('PolicyService/PutPolicy', {
      policy: { id: 'bi', listeningPort: 8443, groupId: 'both', authDelegated: true, requestSource: 'bi' },
    });
  });

  test('Decide answers decision and reasons, and changes nothing', async () => {
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

  test('a repeated Route answers the same and counts once; with a backend excluded it answers another', async () => {
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

  test('Route answers a refusal in words for the client', async () => {
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
