import type { Session } from '../../connection/session.ts';
import type { ObjectTable } from '../../contract/configuration.ts';
import type { ObjectRow } from '../../schema/objects.ts';

/** `enabled` is a column of its own, so that a Put and an Enable never undo each other. */
type Switchable = { id: string; enabled?: boolean | undefined };

/** One kind of object and how its rows keep it. */
export type ObjectKind<Row extends ObjectRow, Message, Stored> = {
  table: string;
  read(row: Row): Stored;
  document(message: Message): string;
  /** The columns beside document and enabled, for a new row. */
  fresh?: Partial<Row>;
  /** What enabling sets besides. */
  whenEnabled?: Partial<Row>;
  afterDelete?(session: Session, id: string): Promise<void>;
  /** Called with what a Put or an Enable has stored. */
  afterWrite?(stored: Stored): Promise<void>;
};

/** The calls that all kinds have, inside one transaction. */
export function objectTable<Row extends ObjectRow, Message extends Switchable, Stored>(
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
      const stored = kind.read({ ...kind.fresh, ...old, id, document, enabled } as Row);
      await kind.afterWrite?.(stored);
      return stored;
    },
    async delete(id) {
      const { affected } = await rows().delete({ id });
      if (!affected) return false;
      await kind.afterDelete?.(session, id);
      return true;
    },
    async setEnabled(id, enabled) {
      await rows().update({ id }, { enabled, ...(enabled && kind.whenEnabled) });
      const stored = await get(id);
      if (stored !== undefined) await kind.afterWrite?.(stored);
      return stored;
    },
  };
}

/** The message of a row. */
export function withEnabled<Message extends Switchable>(message: Message, { enabled }: ObjectRow): Message {
  return Object.assign(message, { enabled });
}

/** Takes out what has columns or rows of its own. */
export function without<Message>(message: Message, ...fields: (keyof Message)[]): Message {
  for (const field of fields) delete message[field];
  return message;
}
