import { clone } from '@bufbuild/protobuf';
import { type Backend, BackendSchema } from '@trino-gateway/api/gateway';
import { withProbeSecrets } from '@trino-gateway/api/sealed-secret';
import type { Session } from '../../connection/session.ts';
import type { ConfigurationChange, StoredBackend } from '../../contract/configuration.ts';
import type { BackendRow } from '../../schema/objects.ts';
import { TABLES } from '../../schema/table-names.ts';
import { forgetConditions } from '../conditions.ts';
import { fromDocument, toDocument } from '../documents.ts';
import { endDrain } from '../drains.ts';
import { forgetCluster } from '../scaling-state.ts';
import { forgetMember } from './discovery.ts';
import { objectTable, withEnabled, without } from './object-table.ts';
import type { Secrets, SecretsOf } from './secrets.ts';

/** The secrets of a backend. */
export const backendSecrets: SecretsOf<Backend> = (backend, change) => {
  const { id, probe } = backend;
  if (probe === undefined) return backend;
  return {
    ...backend,
    probe: withProbeSecrets(probe, (secret, name) => change(secret, `backend ${id} probe.${name}`)),
  };
};

/** The backend of a row, with its secrets as far as a key opens them. */
export const readBackend = (row: BackendRow, secrets: Secrets): StoredBackend => ({
  backend: withEnabled(secrets.opened(backendSecrets, fromDocument(BackendSchema, row.document)), row),
  draining: row.draining,
});

/** Backends inside one change. */
export function backendTable(session: Session, secrets: Secrets): ConfigurationChange['backends'] {
  const table = objectTable<BackendRow, Backend, StoredBackend>(session, {
    table: TABLES.backends,
    read: (row) => readBackend(row, secrets),
    document: (backend) =>
      toDocument(
        BackendSchema,
        without(clone(BackendSchema, secrets.sealed(backendSecrets, backend)), 'enabled', 'condition'),
      ),
    fresh: { draining: false },
    whenEnabled: { draining: false },
    // A backend of the same name that comes later must not inherit what was said about this one.
    async afterDelete(inside, id) {
      await forgetConditions(inside, id);
      await forgetMember(inside, id);
      await endDrain(inside, id);
    },
    async afterWrite({ backend, draining }) {
      if (backend.enabled !== false && !draining) await endDrain(session, backend.id);
    },
  });
  return {
    ...table,
    async put(backend) {
      if (backend.scaler === undefined) await forgetCluster(session, backend.id);
      return table.put(backend);
    },
    async drain(id) {
      await session.manager.getRepository<BackendRow>(TABLES.backends).update({ id }, { draining: true });
      return table.get(id);
    },
  };
}
