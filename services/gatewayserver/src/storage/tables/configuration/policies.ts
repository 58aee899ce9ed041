import { clone } from '@bufbuild/protobuf';
import { type Policy, PolicySchema } from '@trino-gateway/api/gateway';
import type { Session } from '../../connection/session.ts';
import type { ConfigurationChange } from '../../contract/configuration.ts';
import type { ObjectRow } from '../../schema/objects.ts';
import { TABLES } from '../../schema/table-names.ts';
import { fromDocument, toDocument } from '../documents.ts';
import { objectTable, withEnabled, without } from './object-table.ts';

/** The policy of a row. */
export const readPolicy = (row: ObjectRow): Policy => withEnabled(fromDocument(PolicySchema, row.document), row);

/** Policies inside one change. */
export function policyTable(session: Session): ConfigurationChange['policies'] {
  return objectTable<ObjectRow, Policy, Policy>(session, {
    table: TABLES.policies,
    read: readPolicy,
    document: (policy) => toDocument(PolicySchema, without(clone(PolicySchema, policy), 'enabled')),
  });
}
