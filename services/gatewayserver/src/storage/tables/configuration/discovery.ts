import { DiscoverySourceSchema } from '@trino-gateway/api/gateway';
import type { Session } from '../../connection/session.ts';
import type { DiscoveryTable } from '../../contract/configuration.ts';
import type { MemberRow, SourceRow } from '../../schema/discovery.ts';
import { TABLES } from '../../schema/table-names.ts';
import { fromDocument, toDocument } from '../documents.ts';
import { forgetCluster } from '../scaling-state.ts';

/** What was discovered, inside one change or for reading. */
export function discoveryTable(session: Session): DiscoveryTable {
  const sources = () => session.manager.getRepository<SourceRow>(TABLES.discoverySources);
  const members = () => session.manager.getRepository<MemberRow>(TABLES.discoveredMembers);
  return {
    async sources() {
      const rows = await sources().find({ order: { name: 'ASC' } });
      return rows.map(({ document }) => fromDocument(DiscoverySourceSchema, document));
    },
    async putSource(source) {
      const { name } = source;
      const document = toDocument(DiscoverySourceSchema, source);
      if (await sources().existsBy({ name })) await sources().update({ name }, { document });
      else await sources().insert({ name, document });
    },
    async deleteSource(name) {
      await sources().delete({ name });
    },
    members: () => listMembers(session),
    async setMember(backendId, groupIds) {
      await forgetMember(session, backendId);
      // Where it was in another group must not count in the next one.
      await forgetCluster(session, backendId);
      for (const groupId of groupIds) await members().insert({ groupId, backendId });
    },
  };
}

/** The discovered members of each group, in the order of their ids. */
export async function listMembers(session: Session, groupId?: string): Promise<Map<string, string[]>> {
  const rows = await session.manager
    .getRepository<MemberRow>(TABLES.discoveredMembers)
    .find({ ...(groupId !== undefined && { where: { groupId } }), order: { groupId: 'ASC', backendId: 'ASC' } });
  const members = new Map<string, string[]>();
  for (const row of rows) members.set(row.groupId, [...(members.get(row.groupId) ?? []), row.backendId]);
  return members;
}

/** A backend that is gone is a member of nothing. */
export async function forgetMember({ manager }: Session, backendId: string): Promise<void> {
  await manager.getRepository<MemberRow>(TABLES.discoveredMembers).delete({ backendId });
}
