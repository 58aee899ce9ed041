import { LessThan } from 'typeorm';
import type { Database } from '../connection/database.ts';
import type { Session } from '../connection/session.ts';
import {
  DrainEndedError,
  type DrainStore,
  type StoredDrain,
  type StoredReport,
  type StoredSeal,
} from '../contract/drains.ts';
import type { AdmissionRow } from '../schema/admission.ts';
import type { DrainRow, ReportRow } from '../schema/drains.ts';
import type { BackendRow } from '../schema/objects.ts';
import { TABLES } from '../schema/table-names.ts';
import { bumpRevision, lockRevision, readRevisions } from './revisions.ts';
import { clusterRows, isBeingStopped } from './scaling-state.ts';

/** The kind of the entries of admission that are seals. */
export const SEAL = 'seal';

const rowsOf = ({ manager }: Session) => manager.getRepository<DrainRow>(TABLES.drains);
const reportsOf = ({ manager }: Session) => manager.getRepository<ReportRow>(TABLES.reports);

/** Drains, seals and the reports of routers. */
export function drainStore(database: Database): DrainStore {
  return {
    read: () =>
      database.snapshot(async (session) => {
        const { drains: revision } = await readRevisions(session);
        const rows = await rowsOf(session).find({ order: { backendId: 'ASC' } });
        return { revision, drains: rows.map(drainOf), seals: await readSeals(session) };
      }),
    begin: (drain) => beginDrain(database, drain),
    end: ({ backendId, revision }) =>
      database.transaction(async (session) => {
        await lockRevision(session, 'drains');
        await deleteDrain(session, { backendId, revision });
      }),
    endUnasked: (ms) =>
      database.transaction(async (session) => {
        await lockRevision(session, 'drains');
        const askedAt = LessThan((await clockOf(session)) - ms);
        for (const { backendId } of await rowsOf(session).findBy({ askedAt }))
          await deleteDrain(session, { backendId });
      }),
    report: (report) => storeReport(database, report),
    reports: () => readReports(database),
    prune: (ms) =>
      database.transaction(async (session) => {
        await reportsOf(session)
          .createQueryBuilder()
          .delete()
          .where(`reported_at < ${session.engine.dialect.clock} - ${Math.ceil(ms)}`)
          .execute();
      }),
  };
}

async function readSeals({ manager }: Session): Promise<StoredSeal[]> {
  const rows = await manager.getRepository<AdmissionRow>(TABLES.admission).find({ where: { kind: SEAL } });
  return rows.filter(({ document }) => document !== '').map(({ document }) => JSON.parse(document) as StoredSeal);
}

function drainOf({ askedAt: _, ...drain }: DrainRow): StoredDrain {
  return drain;
}

function beginDrain(
  database: Database,
  { backendId, suffix, url }: Pick<StoredDrain, 'backendId' | 'suffix' | 'url'>,
): Promise<StoredDrain | undefined> {
  return database.transaction(async (session) => {
    // Nobody lets it take queries again meanwhile.
    await lockRevision(session, 'configuration');
    await lockRevision(session, 'conditions');
    await lockRevision(session, 'drains');
    if (!(await takesNone(session, { backendId, suffix }))) return undefined;
    const rows = rowsOf(session);
    const there = await rows.findOneBy({ backendId });
    const at = await clockOf(session);
    if (there?.suffix === suffix && there.url === url) {
      await rows.update({ backendId }, { askedAt: at });
      return drainOf(there);
    }
    await rows.delete({ backendId });
    await bumpRevision(session, 'drains');
    const { drains: revision } = await readRevisions(session);
    const row = { backendId, suffix, url, revision, begunAt: at, askedAt: at };
    await rows.insert(row);
    return drainOf(row);
  });
}

/** Whether a backend takes no new queries: by its administrator, by autoscaling, or as its incarnation is sealed. */
async function takesNone(
  session: Session,
  { backendId, suffix }: { backendId: string; suffix: string },
): Promise<boolean> {
  const row = await session.manager.getRepository<BackendRow>(TABLES.backends).findOneBy({ id: backendId });
  if (row === null) return false;
  const cluster = await clusterRows(session).findOneBy({ backendId });
  if (!row.enabled || row.draining || (cluster && isBeingStopped(cluster))) return true;
  return (await readSeals(session)).some((seal) => seal.suffix === suffix);
}

/** A backend takes queries again, or is gone: what was found out about its drain is over. In a transaction that changes it. */
export async function endDrain(session: Session, backendId: string): Promise<void> {
  if (await rowsOf(session).existsBy({ backendId })) await deleteDrain(session, { backendId });
}

async function deleteDrain(session: Session, drain: Partial<DrainRow>): Promise<void> {
  const { affected } = await rowsOf(session).delete(drain);
  if (affected) await bumpRevision(session, 'drains');
}

/** A seal is to be stored: its drain must not have ended. @throws DrainEndedError */
export async function countSeals(session: Session, documents: readonly string[]): Promise<void> {
  await lockRevision(session, 'drains');
  for (const document of documents) {
    const seal = document === '' ? undefined : (JSON.parse(document) as StoredSeal);
    if (seal === undefined || seal.provenAt !== undefined) continue;
    const { backendId, suffix, drain: revision } = seal;
    if (!(await rowsOf(session).existsBy({ backendId, suffix, revision })))
      throw new DrainEndedError('the drain has ended');
  }
  await bumpRevision(session, 'drains');
}

async function storeReport(database: Database, report: StoredReport): Promise<void> {
  if (await database.transaction((session) => replaceReport(session, report))) return;
  // The first one of a router: another replica may store one at the same time.
  await database.transaction(async (session) => {
    await lockRevision(session, 'drains');
    if (await replaceReport(session, report)) return;
    await reportsOf(session).insert({ ...report, reportedAt: await clockOf(session) });
  });
}

/** Unless a newer one is stored. @returns false when there is none at all */
async function replaceReport(session: Session, { routerId, number, document }: StoredReport): Promise<boolean> {
  const rows = reportsOf(session);
  await rows
    .createQueryBuilder()
    .update()
    .set({ number, document, reportedAt: () => session.engine.dialect.clock })
    .where('router_id = :routerId AND number < :number', { routerId, number })
    .execute();
  return rows.existsBy({ routerId });
}

function readReports(database: Database): ReturnType<DrainStore['reports']> {
  return database.snapshot(async (session) => ({
    reports: await reportsOf(session).find({ order: { routerId: 'ASC' } }),
    now: await clockOf(session),
  }));
}

async function clockOf({ manager, engine }: Session): Promise<number> {
  const [row]: { at_ms: unknown }[] = await manager.query(`SELECT ${engine.dialect.clock} AS at_ms`);
  return Number(row?.at_ms);
}
