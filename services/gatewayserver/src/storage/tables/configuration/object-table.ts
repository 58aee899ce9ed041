import { clone } from '@bufbuild/protobuf';
import {
  type Backend,
  BackendSchema,
  type Group,
  GroupSchema,
  type Policy,
  PolicySchema,
} from '@trino-gateway/api/gateway';
import type { Session } from '../../connection/session.ts';
import type { ConfigurationChange, ObjectTable, StoredBackend } from '../../contract/configuration.ts';
import type { FindingRow, OverrideRow } from '../../schema/conditions.ts';
import type { BackendRow, ObjectRow } from '../../schema/objects.ts';
import { TABLES } from '../../schema/table-names.ts';
import { fromDocument, toDocument } from '../documents.ts';
import { bumpRevision } from '../revisions.ts';
import type { Secrets } from './secrets.ts';

/** `enabled` is a column of its own, so that a Put and an Enable never undo each other. */
type Switchable = { id: string; enabled?: boolean | undefined };

export const readBackend = (row: BackendRow, secrets: Secrets): StoredBackend => ({
  backend: withEnabled(secrets.opened(fromDocument(BackendSchema, row.document)), row),
  draining: row.draining,
});
export const readGroup = (row: ObjectRow): Group => withEnabled(fromDocument(GroupSchema, row.document), row);
export const readPolicy = (row: ObjectRow): Policy => withEnabled(fromDocument(PolicySchema, row.document), row);

function withEnabled<Message extends Switchable>(message: Message, { enabled }: ObjectRow): Message {
  return Object.assign(message, { enabled });
}

/** The three kinds of object inside one change. */
export function configurationChange(session: Session, secrets: Secrets): ConfigurationChange {
  const backends = objectTable<BackendRow, Backend, StoredBackend>(session, {
    table: TABLES.backends,
    read: (row) => readBackend(row, secrets),
    document: (backend) =>
      toDocument(BackendSchema, without(clone(BackendSchema, secrets.sealed(backend)), 'enabled', 'condition')),
    fresh: { draining: false },
    whenEnabled: { draining: false },
    afterDelete: forgetConditions,
  });
  return {
    backends: {
      ...backends,
      async drain(id) {
        await session.manager.getRepository<BackendRow>(TABLES.backends).update({ id }, { draining: true });
        return backends.get(id);
      },
    },
    groups: objectTable<ObjectRow, Group, Group>(session, {
      table: TABLES.groups,
      read: readGroup,
      document: (group) => toDocument(GroupSchema, without(clone(GroupSchema, group), 'enabled')),
    }),
    policies: objectTable<ObjectRow, Policy, Policy>(session, {
      table: TABLES.policies,
      read: readPolicy,
      document: (policy) => toDocument(PolicySchema, without(clone(PolicySchema, policy), 'enabled')),
    }),
  };
}

/** Takes out what has columns or rows of its own. */
function without<Message>(message: Message, ...fields: (keyof Message)[]): Message {
  for (const field of fields) delete message[field];
  return message;
}

type ObjectKind<Row extends ObjectRow, Message, Stored> = {
  table: string;
  read(row: Row): Stored;
  document(message: Message): string;
  /** The columns beside document and enabled, for a new row. */
  fresh?: Partial<Row>;
  /** What enabling sets besides. */
  whenEnabled?: Partial<Row>;
  afterDelete?(session: Session, id: string): Promise<void>;
};

function objectTable<Row extends ObjectRow, Message extends Switchable, Stored>(
  session: Session,
  kind: ObjectKind<Row, Message, Stored>,
): ObjectTable<Stored, Message> {
  // Typed by the columns every kind has; the kinds' own columns come from their descriptions.
  const rows = () => session.manager.getRepository<ObjectRow>(kind.table);
  const find = async (id: string) => (await rows().findOneBy({ id })) as Row | null;
  const get = async (id: string) => {
    const row = await find(id);
    return row === null ? undefined : kind.read(row);
  };
  return {
    get,
    async list() {
      return ((await rows().find({ order: { id: 'ASC' } })) as Row[]).map(kind.read);
    },
    async put(message) {
      const { id } = message;
      const document = kind.document(message);
      const old = await find(id);
      const enabled = message.enabled ?? old?.enabled ?? true;
      if (old === null) await rows().insert({ ...kind.fresh, id, document, enabled });
      else await rows().update({ id }, { document, enabled });
      return kind.read({ ...kind.fresh, ...old, id, document, enabled } as Row);
    },
    async delete(id) {
      const { affected } = await rows().delete({ id });
      if (!affected) return false;
      await kind.afterDelete?.(session, id);
      return true;
    },
    async setEnabled(id, enabled) {
      await rows().update({ id }, { enabled, ...(enabled && kind.whenEnabled) });
      return get(id);
    },
  };
}

/** A backend of the same name that comes later must not inherit what was said about this one. */
async function forgetConditions(session: Session, backendId: string): Promise<void> {
  await bumpRevision(session, 'conditions');
  await session.manager.getRepository<FindingRow>(TABLES.statuses).delete({ backendId });
  await session.manager.getRepository<OverrideRow>(TABLES.overrides).delete({ backendId });
  await session.manager.getRepository<FindingRow>(TABLES.schedules).delete({ backendId });
}
