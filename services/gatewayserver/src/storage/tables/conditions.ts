import { timestampMs } from '@bufbuild/protobuf/wkt';
import {
  type BackendOverride,
  BackendOverrideSchema,
  type BackendSchedule,
  BackendScheduleSchema,
  type BackendStatus,
  BackendStatusSchema,
  type ConnectionReport,
  ConnectionReportSchema,
} from '@trino-gateway/api/gateway';
import { LessThan } from 'typeorm';
import type { Database } from '../connection/database.ts';
import type { Session } from '../connection/session.ts';
import type { ConditionStore, Conditions } from '../contract/conditions.ts';
import type { ConnectionRow, FindingRow, OverrideRow } from '../schema/conditions.ts';
import type { BackendRow } from '../schema/objects.ts';
import { TABLES } from '../schema/table-names.ts';
import { fromDocument, toDocument } from './documents.ts';
import { bumpRevision, lockRevision, readRevisions } from './revisions.ts';
import { readScalingState } from './scaling-state.ts';

/** Statuses, schedules, overrides, and what routers saw of connections. */
export function conditionStore(database: Database): ConditionStore {
  return {
    read: () =>
      database.snapshot(async (session) => {
        const { conditions } = await readRevisions(session);
        return { revision: conditions, ...(await readConditions(session)) };
      }),
    putStatus: (status) => putFinding(database, TABLES.statuses, status, toDocument(BackendStatusSchema, status)),
    putSchedule: (schedule) =>
      putFinding(database, TABLES.schedules, schedule, toDocument(BackendScheduleSchema, schedule)),
    putOverride: (backendId, override) => putOverride(database, backendId, override),
    putConnections: (reports) => putConnections(database, reports),
  };
}

/** In the order of the backends' ids. */
async function readConditions(session: Session): Promise<Conditions> {
  const { manager } = session;
  const order = { backendId: 'ASC' } as const;
  const statuses = await manager.getRepository<FindingRow>(TABLES.statuses).find({ order });
  const schedules = await manager.getRepository<FindingRow>(TABLES.schedules).find({ order });
  const overrides = await manager.getRepository<OverrideRow>(TABLES.overrides).find({ order });
  const connections = await manager
    .getRepository<ConnectionRow>(TABLES.connections)
    .find({ order: { ...order, routerId: 'ASC' } });
  return {
    statuses: statuses.map((row) => fromDocument(BackendStatusSchema, row.document)),
    schedules: schedules.map((row) => fromDocument(BackendScheduleSchema, row.document)),
    connections: connections.map((row) => fromDocument(ConnectionReportSchema, row.document)),
    scaling: await readScalingState(session),
    overrides: new Map(overrides.map((row) => [row.backendId, fromDocument(BackendOverrideSchema, row.document)])),
  };
}

/** Replaces the monitor's former finding, unless that is newer. */
function putFinding(
  database: Database,
  table: string,
  { backendId, observedAt }: BackendStatus | BackendSchedule,
  document: string,
): Promise<void> {
  const row = { backendId, document, observedAt: observedAt === undefined ? Date.now() : timestampMs(observedAt) };
  return writeConditions(database, backendId, async ({ manager }) => {
    const rows = manager.getRepository<FindingRow>(table);
    const old = await rows.findOneBy({ backendId: row.backendId });
    if (old !== null && old.observedAt > row.observedAt) return false;
    if (old === null) await rows.insert(row);
    else await rows.update({ backendId: row.backendId }, row);
    return true;
  });
}

function putOverride(database: Database, backendId: string, override: BackendOverride): Promise<void> {
  return writeConditions(database, backendId, async ({ manager }) => {
    const rows = manager.getRepository<OverrideRow>(TABLES.overrides);
    const old = await rows.findOneBy({ backendId });
    if (old === null) {
      await rows.insert({ backendId, document: toDocument(BackendOverrideSchema, override) });
      return true;
    }
    const merged = mergeOverride(fromDocument(BackendOverrideSchema, old.document), override);
    await rows.update({ backendId }, { document: toDocument(BackendOverrideSchema, merged) });
    return true;
  });
}

/** Of a router that has stopped nobody would delete them. */
const CONNECTIONS_KEPT_MS = 3_600_000;

function putConnections(database: Database, reports: readonly ConnectionReport[]): Promise<void> {
  return database.transaction(async (session) => {
    await lockRevision(session, 'conditions');
    let hasChanged = false;
    for (const report of reports) if (await putConnection(session, report)) hasChanged = true;
    if (hasChanged) await bumpRevision(session, 'conditions');
  });
}

async function putConnection({ manager }: Session, report: ConnectionReport): Promise<boolean> {
  const { backendId, routerId } = report;
  if (!(await manager.getRepository<BackendRow>(TABLES.backends).existsBy({ id: backendId }))) return false;
  const rows = manager.getRepository<ConnectionRow>(TABLES.connections);
  const old = await rows.findOneBy({ backendId, routerId });
  const number = Number(report.number);
  if (old !== null && old.number >= number) return false;
  const reportedAt = Date.now();
  await rows.delete({ backendId, reportedAt: LessThan(reportedAt - CONNECTIONS_KEPT_MS) });
  const row = { backendId, routerId, number, reportedAt, document: toDocument(ConnectionReportSchema, report) };
  if (old === null || old.reportedAt < reportedAt - CONNECTIONS_KEPT_MS) await rows.insert(row);
  else await rows.update({ backendId, routerId }, row);
  return true;
}

/** A value comes with its own expiry; the parts that are not set stay as they were. */
function mergeOverride(old: BackendOverride, set: BackendOverride): BackendOverride {
  if (set.healthy !== undefined) {
    old.healthy = set.healthy;
    if (set.healthyUntil === undefined) delete old.healthyUntil;
    else old.healthyUntil = set.healthyUntil;
  }
  if (set.clusterLoad !== undefined) {
    old.clusterLoad = set.clusterLoad;
    if (set.clusterLoadUntil === undefined) delete old.clusterLoadUntil;
    else old.clusterLoadUntil = set.clusterLoadUntil;
  }
  if (set.reason !== '') old.reason = set.reason;
  return old;
}

/** Nothing is stored about a backend that does not exist: a deletion, which takes the same lock, would not see it. */
function writeConditions(database: Database, backendId: string, write: (session: Session) => Promise<boolean>) {
  return database.transaction(async (session) => {
    await lockRevision(session, 'conditions');
    if (!(await session.manager.getRepository<BackendRow>(TABLES.backends).existsBy({ id: backendId }))) return;
    if (await write(session)) await bumpRevision(session, 'conditions');
  });
}

/** Deletes what is stored about a backend, inside a change that deletes the backend itself. */
export async function forgetConditions(session: Session, backendId: string): Promise<void> {
  await bumpRevision(session, 'conditions');
  for (const table of [TABLES.statuses, TABLES.overrides, TABLES.schedules, TABLES.connections, TABLES.clusterScaling])
    await session.manager.getRepository<OverrideRow>(table).delete({ backendId });
}
