import { type Backend, BackendSchema } from '@trino-gateway/api/gateway';
import { isSealed, PROBE_SECRETS, unreadableSecret } from '@trino-gateway/api/sealed-secret';
import type { Database } from '../../connection/database.ts';
import type { Session } from '../../connection/session.ts';
import type { BackendRow } from '../../schema/objects.ts';
import { TABLES } from '../../schema/table-names.ts';
import { fromDocument, toDocument } from '../documents.ts';
import { bumpRevision } from '../revisions.ts';
import type { Secrets } from './secrets.ts';

/** See ConfigurationStore.protectSecrets. */
export async function protectSecrets(
  database: Database,
  secrets: Secrets,
): Promise<{ clear: string[]; unreadable: string[] }> {
  if ((await database.read(readStored)).some(secrets.isStale)) {
    await database.transaction(async (session) => {
      await bumpRevision(session, 'configuration');
      for (const backend of (await readStored(session)).filter(secrets.isStale)) {
        const document = toDocument(BackendSchema, secrets.sealed(secrets.opened(backend)));
        await rowsOf(session).update({ id: backend.id }, { document });
      }
    });
    // The log would otherwise keep for a while what was stored before.
    for (const statement of database.engine.clearLog) await database.read(({ manager }) => manager.query(statement));
  }
  const withSecret = (await database.read(readStored)).filter(({ probe }) =>
    PROBE_SECRETS.some((name) => probe?.[name]),
  );
  const idsOf = (backends: readonly Backend[]) => backends.map(({ id }) => id);
  return {
    clear: idsOf(
      withSecret.filter(({ probe }) => PROBE_SECRETS.some((name) => probe?.[name] && !isSealed(probe[name]))),
    ),
    unreadable: idsOf(withSecret.filter((stored) => unreadableSecret(secrets.opened(stored)) !== undefined)),
  };
}

const rowsOf = ({ manager }: Session) => manager.getRepository<BackendRow>(TABLES.backends);

async function readStored(session: Session): Promise<Backend[]> {
  const rows = await rowsOf(session).find({ order: { id: 'ASC' } });
  return rows.map(({ document }) => fromDocument(BackendSchema, document));
}
