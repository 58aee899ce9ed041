import { clone } from '@bufbuild/protobuf';
import { type Group, GroupSchema } from '@trino-gateway/api/gateway';
import type { Session } from '../../connection/session.ts';
import type { ConfigurationChange } from '../../contract/configuration.ts';
import type { ObjectRow } from '../../schema/objects.ts';
import { TABLES } from '../../schema/table-names.ts';
import { fromDocument, toDocument } from '../documents.ts';
import { forgetGroup, keepClusters } from '../scaling-state.ts';
import { listMembers } from './discovery.ts';
import { objectTable, withEnabled, without } from './object-table.ts';

/** The group of a row, with its discovered members. */
export function readGroup(row: ObjectRow, discovered: readonly string[]): Group {
  return withDiscovered(withEnabled(fromDocument(GroupSchema, row.document), row), discovered);
}

/** Groups inside one change. Discovered members are rows of their own: a Put neither adds nor removes one. */
export function groupTable(session: Session): ConfigurationChange['groups'] {
  const table = objectTable<ObjectRow, Group, Group>(session, {
    table: TABLES.groups,
    read: (row) => readGroup(row, []),
    document: (group) => toDocument(GroupSchema, without(clone(GroupSchema, group), 'enabled')),
    // A group of the same name that comes later must not be paused because this one was.
    afterDelete: forgetGroup,
  });
  const membersOf = async (id: string) => (await listMembers(session, id)).get(id) ?? [];
  const shown = async (group: Group | undefined) => group && withDiscovered(group, await membersOf(group.id));
  return {
    ...table,
    get: async (id) => shown(await table.get(id)),
    async list() {
      const members = await listMembers(session);
      return (await table.list()).map((group) => withDiscovered(group, members.get(group.id) ?? []));
    },
    async put(group) {
      const discovered = await membersOf(group.id);
      const { backendIds } = withDiscovered(group, discovered);
      await keepClusters(session, group.id, group.autoscaling ? backendIds : []);
      return withDiscovered(await table.put(withoutDiscovered(group, discovered)), discovered);
    },
    setEnabled: async (id, enabled) => shown(await table.setEnabled(id, enabled)),
  };
}

function withDiscovered(group: Group, discovered: readonly string[]): Group {
  if (discovered.length === 0) return group;
  const own = group.backendIds.filter((id) => !discovered.includes(id));
  return { ...group, backendIds: [...own, ...discovered], discoveredBackendIds: [...discovered] };
}

function withoutDiscovered(group: Group, discovered: readonly string[]): Group {
  const backendIds = group.backendIds.filter((id) => !discovered.includes(id));
  return { ...group, backendIds, discoveredBackendIds: [] };
}
