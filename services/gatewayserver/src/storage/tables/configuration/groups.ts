import { clone } from '@bufbuild/protobuf';
import { type Group, GroupSchema } from '@trino-gateway/api/gateway';
import type { Session } from '../../connection/session.ts';
import type { ConfigurationChange } from '../../contract/configuration.ts';
import type { ObjectRow } from '../../schema/objects.ts';
import { TABLES } from '../../schema/table-names.ts';
import { fromDocument, toDocument } from '../documents.ts';
import { forgetGroup, keepClusters } from '../scaling-state.ts';
import { objectTable, withEnabled, without } from './object-table.ts';

/** The group of a row. */
export const readGroup = (row: ObjectRow): Group => withEnabled(fromDocument(GroupSchema, row.document), row);

/** Groups inside one change. */
export function groupTable(session: Session): ConfigurationChange['groups'] {
  const table = objectTable<ObjectRow, Group, Group>(session, {
    table: TABLES.groups,
    read: readGroup,
    document: (group) => toDocument(GroupSchema, without(clone(GroupSchema, group), 'enabled')),
    // A group of the same name that comes later must not be paused because this one was.
    afterDelete: forgetGroup,
  });
  return {
    ...table,
    async put(group) {
      await keepClusters(session, group.id, group.autoscaling ? group.backendIds : []);
      return table.put(group);
    },
  };
}
