import { Code, ConnectError, type ServiceImpl } from '@connectrpc/connect';
import type { Group, GroupService } from '@trino-gateway/api/gateway';
import { groupProblems } from '@trino-gateway/api/validation';
import { moveGroup } from '../../admission/rules/queue.ts';
import { storableGroup } from '../../configuration/stored-objects.ts';
import {
  checked,
  checkedId,
  checkedText,
  found,
  invalid,
  refuseDangling,
  refuseDeclared,
  refuseReferenced,
} from '../../configuration/validation.ts';
import { chooseFromGroups } from '../../routing/choose-backend.ts';
import type { ConfigurationChange } from '../../storage/contract/configuration.ts';
import type { RpcContext } from './context.ts';
import { pageOf } from './paging.ts';

const MOST_ASKED_ONE_BY_ONE = 20;

/** Sets of backends. */
export function groupService({
  store,
  configuration,
  decisions,
  ledger,
}: Pick<RpcContext, 'store' | 'configuration' | 'decisions' | 'ledger'>): ServiceImpl<typeof GroupService> {
  const inForce = (stored: Group): Group => {
    configuration.wrote('configuration', ({ groups }) => groups.set(stored.id, stored));
    return stored;
  };
  const setEnabled = async (id: string, enabled: boolean) => {
    checkedId(id);
    return inForce(
      found('group', id, await store.configuration.change(({ groups }) => groups.setEnabled(id, enabled))),
    );
  };
  /** @throws ConnectError where those who wait in a group that is deleted cannot go on in this one */
  const refuseUnfit = async (deleted: string, to: string): Promise<void> => {
    const field = 'move_queued_to_group_id';
    checkedId(to, field);
    if (to === deleted) throw invalid(field, `expected another group than "${deleted}"`);
    await refuseDangling(field, 'groups', [to], async (id) => configuration.known.groups.has(id));
  };
  return {
    async putGroup(request) {
      const wanted = checked('group', request.group, groupProblems);
      return inForce(
        await store.configuration.change(async ({ backends, groups }) => {
          refuseDeclared('group', await groups.get(wanted.id));
          await refuseDangling(
            'group.backend_ids',
            'backends',
            wanted.backendIds,
            await backendExists(backends, wanted),
          );
          return groups.put(storableGroup(wanted, ''));
        }),
      );
    },

    async getGroup({ id }) {
      return found('group', checkedId(id), configuration.known.groups.get(id));
    },

    async listGroups(request) {
      const { page, nextPageToken } = pageOf(configuration.known.groups, request);
      return { groups: page, nextPageToken };
    },

    async deleteGroup({ id, moveQueuedToGroupId: to }) {
      checkedId(id);
      if (to !== '') await refuseUnfit(id, to);
      const moveQueued = () => ledger.run((admission) => (to === '' ? 0 : moveGroup(admission, id, to)));
      const waiting = await ledger.run(({ state }) => state.loads.ofGroup(id).waiters);
      if (waiting > 0 && to === '')
        throw new ConnectError(
          `group "${id}" cannot be deleted: queries wait in it (${waiting}); name a group for them in move_queued_to_group_id, cancel them, or disable it and let them start`,
          Code.FailedPrecondition,
        );
      await store.configuration.change((change) => refuseKept(change, id));
      await moveQueued();
      await store.configuration.change(async (change) => {
        await refuseKept(change, id);
        await change.groups.delete(id);
      });
      configuration.wrote('configuration', ({ groups }) => groups.delete(id));
      // Some may have come meanwhile. And a group of the same name that comes later must not be held for this one.
      await moveQueued();
      await ledger.run(({ state }) => state.setHeld(id, false));
      return {};
    },

    enableGroup: ({ id }) => setEnabled(id, true),
    disableGroup: ({ id }) => setEnabled(id, false),

    async evaluateBackendForGroups({ groupIds, user }) {
      if (groupIds.length === 0 || groupIds.length > 1_000)
        throw invalid('group_ids', `expected 1 to 1000 groups, got ${groupIds.length}`);
      for (const id of groupIds) checkedId(id, 'group_ids');
      const missing = groupIds.filter((id) => !configuration.known.groups.has(id));
      await refuseDangling('group_ids', 'groups', missing, async () => false);
      const { chosen, reasons } = chooseFromGroups(
        groupIds,
        checkedText('user', user, 1_000),
        configuration.snapshot(),
        decisions.circumstances(),
      );
      return { backendId: chosen?.backend.id ?? '', groupId: chosen?.candidate.groupId ?? '', reasons };
    },
  };
}

/** @throws ConnectError where a group is not there, or a file or a policy keeps it from being deleted */
async function refuseKept({ groups, policies }: ConfigurationChange, id: string): Promise<void> {
  refuseDeclared('group', found('group', id, await groups.get(id)));
  const referrers = (await policies.list()).filter((policy) => [policy.groupId, policy.fallbackGroupId].includes(id));
  refuseReferenced(
    'group',
    id,
    referrers.map((policy) => `policy "${policy.id}"`),
  );
}

/** A large group's members are looked up in one reading. */
async function backendExists(
  backends: ConfigurationChange['backends'],
  { backendIds }: Group,
): Promise<(id: string) => Promise<boolean>> {
  if (backendIds.length <= MOST_ASKED_ONE_BY_ONE) return async (id) => (await backends.get(id)) !== undefined;
  const ids = new Set((await backends.list()).map(({ backend }) => backend.id));
  return async (id) => ids.has(id);
}
