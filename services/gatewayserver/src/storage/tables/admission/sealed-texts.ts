import type { Database } from '../../connection/database.ts';
import type { Session } from '../../connection/session.ts';
import type { Forgotten, SealedText, SealedTextStore } from '../../contract/admission.ts';
import type { Dialect } from '../../engines/dialect.ts';
import type { SealedRow } from '../../schema/admission.ts';
import { TABLES } from '../../schema/table-names.ts';

const IDS_PER_STATEMENT = 500;
const INTO = 'admission_sealed (id, part, created_at, sealed)';

const rowsOf = ({ manager }: Session) => manager.getRepository<SealedRow>(TABLES.sealed);

const ROWS_PER_STATEMENT = 16;

/** Encrypted statements and answers of those who wait. */
export function sealedTextStore(database: Database): SealedTextStore {
  return {
    put: (text) => database.transaction((session) => writeSealed(session, [text])),
    get: (id, part) => getSealed(database, id, part),
  };
}

/** Existing texts stay. */
export async function writeSealed({ manager, engine }: Session, texts: readonly SealedText[]): Promise<void> {
  for (let from = 0; from < texts.length; from += ROWS_PER_STATEMENT) {
    const chunk = texts.slice(from, from + ROWS_PER_STATEMENT);
    const values = chunk.flatMap(({ id, part, sealed }) => [id, part, base64(sealed)]);
    await manager.query(insertStatement(engine.dialect, chunk.length), values);
  }
}

function insertStatement(dialect: Dialect, rows: number): string {
  const mark = dialect.marks();
  const tuple = () => `(${mark()}, ${mark()}, ${dialect.clock}, ${mark()})`;
  return dialect.insertNew(INTO, Array.from({ length: rows }, tuple).join(', '));
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64');
}

async function getSealed(database: Database, id: string, part: string): Promise<Uint8Array | undefined> {
  const [row]: { sealed: string }[] = await database.read(({ manager, engine }) => {
    const mark = engine.dialect.marks();
    return manager.query(`SELECT sealed FROM admission_sealed WHERE id = ${mark()} AND part = ${mark()}`, [id, part]);
  });
  return row === undefined ? undefined : new Uint8Array(Buffer.from(row.sealed, 'base64'));
}

/** See AdmissionWrites.forgotten. */
export async function deleteSealed(session: Session, forgotten: readonly Forgotten[]): Promise<void> {
  for (const [part, texts] of Map.groupBy(forgotten, (text) => text.part))
    for (let from = 0; from < texts.length; from += IDS_PER_STATEMENT) {
      const values = texts.slice(from, from + IDS_PER_STATEMENT).map(({ id }) => id);
      if (part !== undefined) values.push(part);
      await session.manager.query(deleteStatement(session.engine.dialect, values.length, part !== undefined), values);
    }
}

function deleteStatement(dialect: Dialect, values: number, isPart: boolean): string {
  const marks = Array.from({ length: values }, dialect.marks());
  const part = isPart ? ` AND part = ${marks.pop()}` : '';
  return `DELETE FROM admission_sealed WHERE id IN (${marks.join(', ')})${part}`;
}

/** Older texts whose query does not wait: it never came to wait, or an answer came too late. */
export async function pruneSealed(session: Session, before: number): Promise<void> {
  await rowsOf(session)
    .createQueryBuilder()
    .delete()
    .where('created_at < :before', { before })
    .andWhere(`id NOT IN (SELECT id FROM admission_entries WHERE kind = 'waiter' AND document <> '')`)
    .execute();
}
