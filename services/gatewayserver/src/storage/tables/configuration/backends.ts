import { clone } from '@bufbuild/protobuf';
import { type Backend, BackendSchema } from '@trino-gateway/api/gateway';
import type { Session } from '../../connection/session.ts';
import type { ConfigurationChange, StoredBackend } from '../../contract/configuration.ts';
import type { BackendRow } from '../../schema/objects.ts';
import { TABLES } from '../../schema/table-names.ts';
import { forgetConditions } from '../conditions.ts';
import { fromDocument, toDocument } from '../documents.ts';
import { objectTable, withEnabled, without } from './object-table.ts';
import type { Secrets } from './secrets.ts';

/** The backend of a row, with its secrets as far as a key opens them. */
export const readBackend = (row: BackendRow, secrets: Secrets): StoredBackend => ({
  backend: withEnabled(secrets.opened(fromDocument(BackendSchema, row.document)), row),
  draining: row.draining,
});

/** Backends inside one change. */
export function backendTable(session: Session, secrets: Secrets): ConfigurationChange['backends'] {
  const table = objectTable<BackendRow, Backend, StoredBackend>(session, {
    table: TABLES.backends,
    read: (row) => readBackend(row, secrets),
    document: (backend) =>
      toDocument(BackendSchema, without(clone(BackendSchema, secrets.sealed(backend)), 'enabled', 'condition')),
    fresh: { draining: false },
    whenEnabled: { draining: false },
    // A backend of the same name that comes later must not inherit what was said about this one.
    afterDelete: forgetConditions,
  });
  return {
    ...table,
    async drain(id) {
      await session.manager.getRepository<BackendRow>(TABLES.backends).update({ id }, { draining: true });
      return table.get(id);
    },
  };
}
