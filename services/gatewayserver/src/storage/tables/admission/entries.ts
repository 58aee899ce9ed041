import { In, LessThan } from 'typeorm';
import type { Database } from '../../connection/database.ts';
import type { Session } from '../../connection/session.ts';
import type { AdmissionChanges, AdmissionEntry, AdmissionStore, AdmissionWrites } from '../../contract/admission.ts';
import type { Dialect } from '../../engines/dialect.ts';
import type { AdmissionRow } from '../../schema/admission.ts';
import { TABLES } from '../../schema/table-names.ts';
import { countSeals, SEAL } from '../drains.ts';
import { deleteSealed, pruneSealed, writeSealed } from './sealed-texts.ts';

const ROWS_PER_STATEMENT = 200;
const ROWS_PER_PRUNE = 500;

type Moment = Pick<AdmissionChanges, 'version' | 'now' | 'configuration'>;

/** Leases, waiters and holds. */
export function admissionStore(database: Database): AdmissionStore {
  return {
    changes: (since) => readChanges(database, since),
    change: (since, work) => changeAdmission(database, since, work),
    prune: (ms) => pruneAdmission(database, ms),
  };
}

async function readChanges(database: Database, since: number | undefined): Promise<AdmissionChanges | undefined> {
  const { version } = await database.read((session) => readMoment(session, ''));
  if (version === since) return undefined;
  return database.snapshot(async (session) => {
    const moment = await readMoment(session, '');
    const from = readFrom(since, moment);
    return { ...moment, whole: from === undefined, entries: await readEntries(session, from) };
  });
}

function changeAdmission(
  database: Database,
  since: number | undefined,
  work: (changes: AdmissionChanges) => AdmissionWrites,
): Promise<number> {
  return database.transaction(async (session) => {
    const { dialect } = session.engine;
    const moment = await readMoment(session, dialect.forUpdate);
    const from = readFrom(since, moment);
    const entries = moment.version === from ? [] : await readEntries(session, from);
    const writes = work({ ...moment, whole: from === undefined, entries });
    if (writes.entries.length === 0) {
      await deleteSealed(session, writes.forgotten);
      return moment.version;
    }
    const seals = writes.entries.filter(({ kind }) => kind === SEAL);
    if (seals.length > 0)
      await countSeals(
        session,
        seals.map(({ document }) => document),
      );
    const version = moment.version + 1;
    await writeEntries(session, writes.entries, { ...moment, version });
    await writeSealed(session, writes.sealed);
    await deleteSealed(session, writes.forgotten);
    const mark = dialect.marks();
    await session.manager.query(`UPDATE revisions SET value = ${mark()} WHERE name = 'admission'`, [version]);
    return version;
  });
}

/** A database whose version is lower than what was read from it was restored or has failed over: read everything anew. */
function readFrom(since: number | undefined, { version }: Moment): number | undefined {
  return since !== undefined && since > version ? undefined : since;
}

/** Takes no lock, so that others admit meanwhile: nobody reads entries of that age. */
async function pruneAdmission(database: Database, ms: number): Promise<void> {
  const { now } = await database.read((session) => readMoment(session, ''));
  while ((await pruneSome(database, now - ms)) === ROWS_PER_PRUNE);
  await database.transaction((session) => pruneSealed(session, now - ms));
}

function pruneSome(database: Database, before: number): Promise<number> {
  return database.transaction(async ({ manager }) => {
    const rows = manager.getRepository<AdmissionRow>(TABLES.admission);
    const isOver = { document: '', changedAt: LessThan(before) };
    const select = { kind: true, id: true };
    const old = await rows.find({ select, where: isOver, order: { version: 'ASC' }, take: ROWS_PER_PRUNE });
    for (const [kind, entries] of Map.groupBy(old, (row) => row.kind))
      await rows.delete({ ...isOver, kind, id: In(entries.map(({ id }) => id)) });
    return old.length;
  });
}

/** A lock takes both rows, in their order: a change of the configuration that was committed meanwhile counts. */
async function readMoment({ manager, engine }: Session, lock: string): Promise<Moment> {
  const rows: { name: string; value: unknown; at_ms: unknown }[] = await manager.query(
    `SELECT name, value, ${engine.dialect.clock} AS at_ms FROM revisions
     WHERE name IN ('admission', 'configuration') ORDER BY name${lock}`,
  );
  const value = (name: string) => Number(rows.find((row) => row.name === name)?.value);
  return { version: value('admission'), now: Number(rows[0]?.at_ms), configuration: value('configuration') };
}

/** In the order of their last changes. */
function readEntries({ manager, engine }: Session, since: number | undefined): Promise<AdmissionEntry[]> {
  const select = 'SELECT kind, id, document FROM admission_entries WHERE';
  if (since === undefined) return manager.query(`${select} document <> '' ORDER BY version`);
  return manager.query(`${select} version > ${engine.dialect.marks()()} ORDER BY version`, [since]);
}

async function writeEntries(session: Session, entries: readonly AdmissionEntry[], moment: Moment): Promise<void> {
  for (let from = 0; from < entries.length; from += ROWS_PER_STATEMENT) {
    const chunk = entries.slice(from, from + ROWS_PER_STATEMENT);
    const values = chunk.flatMap(({ kind, id, document }) => [kind, id, moment.version, moment.now, document]);
    await session.manager.query(upsertStatement(session.engine.dialect, chunk.length), values);
  }
}

function upsertStatement(dialect: Dialect, rows: number): string {
  const mark = dialect.marks();
  const tuples = Array.from({ length: rows }, () => `(${Array.from({ length: 5 }, mark).join(', ')})`).join(', ');
  const insert = `INSERT INTO admission_entries (kind, id, version, changed_at, document) VALUES ${tuples}`;
  const set = ['version', 'changed_at', 'document'].map((column) => `${column} = ${dialect.offered(column)}`);
  return `${insert} ${dialect.onConflict('kind, id')} ${set.join(', ')}`;
}
