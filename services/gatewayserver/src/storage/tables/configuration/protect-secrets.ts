import type { DescMessage, MessageShape } from '@bufbuild/protobuf';
import { BackendSchema, RoutingChainSchema } from '@trino-gateway/api/gateway';
import { isSealed } from '@trino-gateway/api/sealed-secret';
import type { Database } from '../../connection/database.ts';
import type { Session } from '../../connection/session.ts';
import type { BackendRow, ChainRow } from '../../schema/objects.ts';
import { TABLES } from '../../schema/table-names.ts';
import { fromDocument, toDocument } from '../documents.ts';
import { bumpRevision } from '../revisions.ts';
import { backendSecrets } from './backends.ts';
import { chainSecrets } from './chain-versions.ts';
import { hasSecret, type Secrets, type SecretsOf } from './secrets.ts';

/** A stored document with secrets. */
type Holder = {
  name: string;
  isStale: boolean;
  isClear: boolean;
  isUnreadable: boolean;
  /** Stores it with all that a key opens under the first key. */
  seal(session: Session): Promise<unknown>;
};

/** See ConfigurationStore.protectSecrets. */
export async function protectSecrets(
  database: Database,
  secrets: Secrets,
): Promise<{ clear: string[]; unreadable: string[] }> {
  const read = (session: Session) => holders(session, secrets);
  if ((await database.read(read)).some(({ isStale }) => isStale)) {
    await database.transaction(async (session) => {
      await bumpRevision(session, 'configuration');
      for (const holder of await read(session)) if (holder.isStale) await holder.seal(session);
    });
    // The log would otherwise keep for a while what was stored before.
    for (const statement of database.engine.clearLog) await database.read(({ manager }) => manager.query(statement));
  }
  const stored = await database.read(read);
  const namesOf = (some: readonly Holder[]) => some.map(({ name }) => name);
  return {
    clear: namesOf(stored.filter(({ isClear }) => isClear)),
    unreadable: namesOf(stored.filter(({ isUnreadable }) => isUnreadable)),
  };
}

async function holders({ manager }: Session, secrets: Secrets): Promise<Holder[]> {
  const backends = await manager.getRepository<BackendRow>(TABLES.backends).find({ order: { id: 'ASC' } });
  const chains = await manager.getRepository<ChainRow>(TABLES.chains).find({ order: { version: 'ASC' } });
  const inBackends = holderOf(secrets, BackendSchema, backendSecrets);
  const inChains = holderOf(secrets, RoutingChainSchema, chainSecrets);
  return [
    ...backends.map(({ id, document }) =>
      inBackends(`backend ${id}`, document, (session, sealed) =>
        session.manager.getRepository<BackendRow>(TABLES.backends).update({ id }, { document: sealed }),
      ),
    ),
    ...chains.map(({ version, document }) =>
      inChains(`routing chain version ${version}`, document, (session, sealed) =>
        session.manager.getRepository<ChainRow>(TABLES.chains).update({ version }, { document: sealed }),
      ),
    ),
  ];
}

function holderOf<Desc extends DescMessage>(secrets: Secrets, schema: Desc, of: SecretsOf<MessageShape<Desc>>) {
  return (name: string, document: string, store: (session: Session, sealed: string) => Promise<unknown>): Holder => {
    const stored = fromDocument(schema, document);
    const opened = secrets.opened(of, stored);
    return {
      name,
      isStale: secrets.isStale(of, stored),
      isClear: hasSecret(of, stored, (secret) => !isSealed(secret)),
      isUnreadable: hasSecret(of, opened, isSealed),
      seal: (session) => store(session, toDocument(schema, secrets.sealed(of, opened))),
    };
  };
}
