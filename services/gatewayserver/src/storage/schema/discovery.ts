import { EntitySchema } from 'typeorm';
import type { ColumnTypes } from '../engines/columns.ts';
import { LENGTHS, primary } from './columns.ts';
import { TABLES } from './table-names.ts';

/** What was found in one source: the message as JSON. */
export type SourceRow = { name: string; document: string };
/** A backend that is in a group because it was discovered there. */
export type MemberRow = { groupId: string; backendId: string };

/** What was discovered. */
export function discoveryEntities(types: ColumnTypes) {
  const id = primary(types.name(LENGTHS.id));
  return [
    new EntitySchema<SourceRow>({
      name: TABLES.discoverySources,
      columns: { name: primary(types.name(LENGTHS.name)), document: types.text },
    }),
    new EntitySchema<MemberRow>({
      name: TABLES.discoveredMembers,
      columns: { groupId: { ...id, name: 'group_id' }, backendId: { ...id, name: 'backend_id' } },
    }),
  ];
}
