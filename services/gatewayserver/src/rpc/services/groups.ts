import { Code, ConnectError, type ServiceImpl } from '@connectrpc/connect';
import type {
  DeleteGroupRequest,
  EvaluateBackendForGroupsRequest,
  Group,
  GroupService,
  PutGroupRequest,
} from '@trino-gateway/api/gateway';
import { groupProblems, sharedClusterProblems } from '@trino-gateway/api/validation';
import { moveGroup } from '../../admission/rules/queue.ts';
import { chainReferrers } from '../../configuration/stored-chain.ts';
import { storableGroup } from '../../configuration/stored-objects.ts';
import {
  checked,
  checkedId,
  checkedText,
  found,
  invalid,
  refuseDangling,
  refuseDeclared,
  refuseProblems,
  refuseReferenced,
} from '../../configuration/validation.ts';
import { routedQuery } from '../../routing/chain/routed-query.ts';
import { chooseFromGroups } from '../../routing/choose-backend.ts';
import type { ConfigurationChange } from '../../storage/contract/configuration.ts';
import { asOf } from './as-of.ts';
import type { RpcContext, Tables } from './context.ts';
import { pageOf } from './paging.ts';

const MOST_ASKED_ONE_BY_ONE = 20;

type Context = Pick<RpcContext, 'configuration' | 'decisions' | 'ledger'> & Tables<'configuration'>;

/** Sets of backends. */
export function groupService(context: Context): ServiceImpl<typeof GroupService> {
  const { known } = context.configuration;
  return {
    putGroup: (request) => putGroup(context, request),
    getGroup: async ({ id }) => found('group', checkedId(id), known.groups.get(id)),
    listGroups: async (request) => {
      const { page, nextPageToken } = pageOf(known.groups, request);
      return { groups: page, nextPageToken, ...asOf(context) };
    },
    deleteGroup: (request) => deleteGroup(context, request),
    enableGroup: ({ id }) => setEnabled(context, id, true),
    disableGroup: ({ id }) => setEnabled(context, id, false),
    evaluateBackendForGroups: (request) => evaluateBackend(context, request),
  };
}

async function putGroup(context: Context, request: PutGroupRequest): Promise<Group> {
  const wanted = checked('group', request.group, groupProblems);
  const stored = await context.store.configuration.change(async ({ backends, groups }) => {
    refuseDeclared('group', await groups.get(wanted.id));
    const exists = await backendExists(backends, wanted);
    await refuseDangling('group.backend_ids', 'backends', wanted.backendIds, exists);
    const spillsTo = wanted.spillOverGroupId === '' ? [] : [wanted.spillOverGroupId];
    const isGroup = async (id: string) => (await groups.get(id)) !== undefined;
    await refuseDangling('group.spill_over_group_id', 'groups', spillsTo, isGroup);
    if (wanted.autoscaling) refuseSharedClusters(wanted, await groups.list());
    return groups.put(storableGroup(wanted, ''));
  });
  return inForce(context, stored);
}

/** A cluster goes by the demand of one group only. */
function refuseSharedClusters(wanted: Group, stored: readonly Group[]): void {
  const problems = sharedClusterProblems(wanted, stored);
  refuseProblems(problems.map((problem) => ({ ...problem, field: `group.${problem.field}` })));
}

async function setEnabled(context: Context, id: string, enabled: boolean): Promise<Group> {
  checkedId(id);
  const stored = await context.store.configuration.change(({ groups }) => groups.setEnabled(id, enabled));
  return inForce(context, found('group', id, stored));
}

/** Puts what was stored in force here. */
function inForce({ configuration }: Context, stored: Group): Group {
  configuration.applyWrite('configuration', ({ groups }) => groups.set(stored.id, stored));
  return stored;
}

async function deleteGroup(context: Context, { id, moveQueuedToGroupId: to }: DeleteGroupRequest) {
  const { store, configuration, ledger } = context;
  checkedId(id);
  if (to !== '') await refuseTarget(context, id, to);
  else await refuseWaiting(context, id);
  const moveQueued = () => ledger.run((admission) => (to === '' ? 0 : moveGroup(admission, id, to)));
  await store.configuration.change((change) => refuseKept(change, id));
  await moveQueued();
  await store.configuration.change(async (change) => {
    await refuseKept(change, id);
    await change.groups.delete(id);
  });
  configuration.applyWrite('configuration', ({ groups }) => groups.delete(id));
  // Queries may have been queued meanwhile; and a later group of this name must not be held because this one was.
  await moveQueued();
  await ledger.run(({ state }) => state.setHeld(id, false));
  return {};
}

/** @throws ConnectError where the waiters of a deleted group cannot move to this one */
async function refuseTarget({ configuration }: Context, deleted: string, to: string): Promise<void> {
  const field = 'move_queued_to_group_id';
  checkedId(to, field);
  if (to === deleted) throw invalid(field, `expected another group than "${deleted}"`);
  await refuseDangling(field, 'groups', [to], async (id) => configuration.known.groups.has(id));
}

async function refuseWaiting({ ledger }: Context, id: string): Promise<void> {
  const waiting = await ledger.run(({ state }) => state.loads.ofGroup(id).waiters);
  if (waiting === 0) return;
  throw new ConnectError(
    `group "${id}" cannot be deleted: queries wait in it (${waiting}); name a group for them in move_queued_to_group_id, cancel them, or disable it and let them start`,
    Code.FailedPrecondition,
  );
}

async function evaluateBackend(
  { configuration, decisions }: Context,
  { groupIds, user, source }: EvaluateBackendForGroupsRequest,
) {
  if (groupIds.length === 0 || groupIds.length > 1_000)
    throw invalid('group_ids', `expected 1 to 1000 groups, got ${groupIds.length}`);
  for (const id of groupIds) checkedId(id, 'group_ids');
  checkedText('source', source, 1_000);
  const missing = groupIds.filter((id) => !configuration.known.groups.has(id));
  await refuseDangling('group_ids', 'groups', missing, async () => false);
  checkedText('user', user, 1_000);
  const around = decisions.circumstances();
  const headers = source === '' ? [] : [{ name: 'X-Trino-Source', value: source }];
  const asked = { listeningPort: 0, host: '', headers, user, statement: '', clientIp: '' };
  const query = routedQuery(asked, around.now);
  const { chosen, reasons } = chooseFromGroups(groupIds, query, configuration.snapshot(), around);
  return { backendId: chosen?.backend.id ?? '', groupId: chosen?.candidate.groupId ?? '', reasons };
}

/** @throws ConnectError where a group is not there, or a file, a policy, another group or the routing chain keeps it from being deleted */
async function refuseKept({ groups, policies, routingChain }: ConfigurationChange, id: string): Promise<void> {
  refuseDeclared('group', found('group', id, await groups.get(id)));
  const leading = (await policies.list()).filter((policy) => [policy.groupId, policy.fallbackGroupId].includes(id));
  const spilling = (await groups.list()).filter(({ spillOverGroupId }) => spillOverGroupId === id);
  refuseReferenced('group', id, [
    ...leading.map((policy) => `policy "${policy.id}"`),
    ...spilling.map((group) => `group "${group.id}"`),
    ...chainReferrers(await routingChain.newest(), 'group', id),
  ]);
}

/** Tells whether a backend exists; for a large group all are read at once. */
async function backendExists(
  backends: ConfigurationChange['backends'],
  { backendIds }: Group,
): Promise<(id: string) => Promise<boolean>> {
  if (backendIds.length <= MOST_ASKED_ONE_BY_ONE) return async (id) => (await backends.get(id)) !== undefined;
  const ids = new Set((await backends.list()).map(({ backend }) => backend.id));
  return async (id) => ids.has(id);
}
