import { createRegistry, type DescField, type DescMessage, type DescMethod, getOption } from '@bufbuild/protobuf';
import { file_trinogateway_v1_gateway, internal } from '@trino-gateway/api/gateway';
import { type HttpRoute, queryFields } from '@trino-gateway/api/http-routes';
import { routeTable } from '../../src/rest/route-table.ts';
import type { TestGatewayserver } from './gatewayserver-fixture.ts';

/** JSON of a message. */
export type Message = { [field: string]: unknown };

/** All RPCs but internal ones. */
export const PUBLIC_RPCS: readonly DescMethod[] = [...createRegistry(file_trinogateway_v1_gateway)]
  .filter((desc) => desc.kind === 'service')
  .flatMap(({ methods }) => methods)
  .filter((method) => !getOption(method, internal));

/** Their REST routes. */
export const ROUTES: readonly HttpRoute[] = routeTable(PUBLIC_RPCS);

/** `BackendService/PutBackend`. */
export function nameOf(rpc: DescMethod): string {
  return `${rpc.parent.name}/${rpc.name}`;
}

const id = (value: string) => ({ request: { id: value }, needs: ['id'] });

/** A request that each public RPC answers OK after `storeObjects`, and the fields it cannot do without. */
export const CALLS: Readonly<Record<string, { request: Message; needs: readonly string[] }>> = {
  'BackendService/PutBackend': {
    request: { backend: { id: 'b', url: 'http://b' } },
    needs: ['backend', 'backend.url'],
  },
  'BackendService/GetBackend': id('b'),
  'BackendService/ListBackends': { request: { pageSize: 10 }, needs: [] },
  'BackendService/DeleteBackend': id('loose'),
  'BackendService/EnableBackend': id('b'),
  'BackendService/DisableBackend': id('b'),
  'BackendService/DrainBackend': id('b'),
  'BackendService/GetDrainStatus': id('b'),
  'BackendService/MarkHealthy': { request: { id: 'b', durationMs: 1_000 }, needs: ['id'] },
  'BackendService/MarkUnhealthy': { request: { id: 'b', reason: 'upgrade' }, needs: ['id'] },
  'BackendService/UpdateClusterLoad': { request: { id: 'b', clusterLoad: 1.5 }, needs: ['id'] },
  'GroupService/PutGroup': {
    request: { group: { id: 'g', backendIds: ['b'] } },
    needs: ['group', 'group.backend_ids'],
  },
  'GroupService/GetGroup': id('g'),
  'DiscoveryService/ListDiscovered': { request: {}, needs: [] },
  'GroupService/ListGroups': { request: { pageSize: 10 }, needs: [] },
  'GroupService/DeleteGroup': id('loose'),
  'GroupService/EnableGroup': id('g'),
  'GroupService/DisableGroup': id('g'),
  'GroupService/EvaluateBackendForGroups': { request: { groupIds: ['g'] }, needs: ['group_ids'] },
  'PolicyService/PutPolicy': {
    request: { policy: { id: 'p', listeningPort: 1, groupId: 'g' } },
    needs: ['policy', 'policy.group_id'],
  },
  'PolicyService/GetPolicy': id('p'),
  'PolicyService/ListPolicies': { request: { pageSize: 10 }, needs: [] },
  'PolicyService/DeletePolicy': id('p'),
  'PolicyService/EnablePolicy': id('p'),
  'PolicyService/DisablePolicy': id('p'),
  'PolicyService/EvaluateGroupsForClient': { request: { listeningPort: 1 }, needs: [] },
  'PolicyService/EvaluateAuthDelegationForClient': { request: { host: 'h' }, needs: [] },
  'PolicyService/EvaluateRequestSourceForClient': { request: { listeningPort: 1 }, needs: [] },
  'RoutingService/Decide': {
    request: { listeningPort: 1, headers: [{ name: 'a', value: 'b' }], user: 'ann', statement: 'SELECT 1' },
    needs: [],
  },
  'RoutingService/GetRoutingChain': { request: {}, needs: [] },
  'RoutingService/PutRoutingChain': {
    request: { chain: { fallbackGroup: 'g', steps: [{ id: 'policies', policies: {} }] } },
    needs: ['chain'],
  },
  'RoutingService/ReplayRouting': {
    request: { chain: { fallbackGroup: 'g', steps: [{ id: 'policies', policies: {} }] }, last: 10 },
    needs: ['chain'],
  },
  'RoutingService/GetRoutingChainVersion': { request: { version: 0 }, needs: [] },
  'RoutingService/ListRoutingChainVersions': { request: {}, needs: [] },
  'RoutingService/CompareRoutingChains': { request: { fromVersion: 0, toVersion: 0 }, needs: [] },
  'RoutingService/RollBackRoutingChain': { request: { version: 0 }, needs: ['version'] },
  'SuiteService/GetVersion': { request: {}, needs: [] },
  'QueueService/ListQueued': { request: { groupId: 'g', user: 'ann', pageSize: 10 }, needs: [] },
  'QueueService/GetQueueStats': { request: { groupId: 'g' }, needs: [] },
  'RoutingService/ListRoutingHits': { request: {}, needs: [] },
  'QueueService/MoveToFront': id('waiting'),
  'QueueService/HoldGroup': id('g'),
  'QueueService/ReleaseGroup': id('g'),
  'ScalingService/GetGroupScaling': id('scaled'),
  'ScalingService/ListGroupScaling': { request: {}, needs: [] },
  'ScalingService/PauseScaling': { request: { id: 'scaled', reason: 'holidays' }, needs: ['id'] },
  'ScalingService/ResumeScaling': id('scaled'),
  'ScalingService/PlanScaling': id('scaled'),
  'ScalingService/ListScalingEvents': { request: { groupId: 'g', backendId: 'b', pageSize: 10 }, needs: [] },
  'ScalingService/ForceStop': { request: { id: 'scaled', reason: 'it hangs' }, needs: ['id', 'reason'] },
  'QueryService/GetQuery': id('q'),
  'QueryService/ListQueries': {
    request: { user: 'ann', state: 'FAILED', submittedAfter: '2026-01-01T00:00:00Z', order: 'OLDEST_FIRST' },
    needs: [],
  },
  'QueryService/FindBackendForQuery': id('q'),
  'QueryService/CancelQuery': id('refused'),
};

/** Stores what the requests name. */
export async function storeObjects(server: TestGatewayserver, headers: Record<string, string>): Promise<void> {
  const put = async (rpc: string, message: Message) => {
    const { status, body } = await server.post(rpc, message, headers);
    if (status !== 200) throw new Error(`${rpc} answered ${status}: ${JSON.stringify(body)}`);
  };
  for (const backend of ['b', 'loose'])
    await put('BackendService/PutBackend', { backend: { id: backend, url: 'http://b' } });
  for (const group of ['g', 'loose']) await put('GroupService/PutGroup', { group: { id: group, backendIds: ['b'] } });
  const scaled = { id: 'scaled', url: 'http://scaled', scaler: { webhook: { url: 'http://scaler' } } };
  await put('BackendService/PutBackend', { backend: scaled });
  await put('GroupService/PutGroup', { group: { id: 'scaled', backendIds: ['scaled'], autoscaling: {} } });
  await put('PolicyService/PutPolicy', { policy: { id: 'p', listeningPort: 1, groupId: 'g' } });
  const seen = { user: 'ann', text: 'SELECT', state: 'FAILED', submittedAt: '2026-11-01T00:00:00Z' };
  const query = { ...seen, id: 'q', trinoQueryId: 'q', backendId: 'b', rows: '9007199254740993' };
  const error = { name: 'QUERY_REJECTED', code: 9, message: 'no' };
  const waiting = { queryId: 'waiting', submissionId: 'waiting', groupId: 'g', user: 'ann', sealed: 'AAAA' };
  await put('AdmissionService/Enqueue', { ...waiting, secretHash: 'A'.repeat(43) });
  await put('QueryService/RecordQueries', { queries: [query, { ...seen, id: 'refused', error }] });
}

/** What a REST request consists of. */
export type RestCall = { method: string; path: string; body: unknown };

/** The REST request of a request message; what is not a field of the message goes where one would be. */
export function restCall(route: HttpRoute, request: Message): RestCall {
  const rest = structuredClone(request);
  let path = route.template;
  for (const field of route.pathFields) {
    const names = field.split('.').map((name) => jsonName(route.rpc.input, name));
    const holder = (names.length > 1 ? rest[names[0] ?? ''] : rest) as Message | undefined;
    const value = holder?.[names.at(-1) ?? ''] ?? CALLS_PATH_VALUE;
    path = path.replace(`{${field}}`, encodeURIComponent(String(value)));
    delete holder?.[names.at(-1) ?? ''];
  }
  if (route.body === '*') return { method: route.verb, path, body: rest };
  const bodyName = jsonName(route.rpc.input, route.body);
  const { [bodyName]: body, ...others } = rest;
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(others))
    for (const one of [value].flat()) query.append(name, typeof one === 'object' ? JSON.stringify(one) : String(one));
  return { method: route.verb, path: query.size > 0 ? `${path}?${query}` : path, body };
}

/** Whether a top-level field of the request is in the query. */
export function isQueryField(route: HttpRoute, field: DescField): boolean {
  return queryFields(route).includes(field);
}

const CALLS_PATH_VALUE = 'b';

function jsonName(message: DescMessage, name: string): string {
  return message.fields.find((field) => field.name === name)?.jsonName ?? name;
}
