import { describe, expect, test } from '@jest/globals';
import { serverWithTwoBackends } from '../support/two-backends.ts';

const server = serverWithTwoBackends();

describe('bad input changes nothing, and the answer names its field', () => {
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

  test('all problems are named at once', async () => {
    const { body } = await server.post('BackendService/PutBackend', { backend: { id: '', url: 'x', weight: -1 } });
    expect(
      String(body.message)
        .split('; ')
        .map((one) => one.split(':')[0]),
    ).toEqual(['backend.id', 'backend.url', 'backend.weight']);
  });

  test.each(['', 'not json', '{"backend":', '[]', '\ufeff'])(
    'a body that is not a JSON object is refused: %j',
    async (text) => {
      const { status, body } = await server.post('BackendService/PutBackend', text);
      expect([status, body.code]).toEqual([400, 'invalid_argument']);
    },
  );

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

  test('other calls that name an object that does not exist are refused', async () => {
    for (const rpc of ['MarkHealthy', 'MarkUnhealthy', 'UpdateClusterLoad'])
      expect((await server.post(`BackendService/${rpc}`, { id: 'gone' })).body.code).toBe('not_found');
    expect((await server.post('QueryService/GetQuery', { id: 'gone' })).body.code).toBe('not_found');
    expect((await server.post('BackendService/Unknown')).status).toBe(404);
  });
});
