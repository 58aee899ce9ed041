import { create } from '@bufbuild/protobuf';
import { timestampNow } from '@bufbuild/protobuf/wkt';
import { ScalingEvent_Kind, ScalingEventSchema } from '@trino-gateway/api/gateway';
import type { Database } from '../../connection/database.ts';
import type { Session } from '../../connection/session.ts';
import type { BackendRow, ObjectRow } from '../../schema/objects.ts';
import { TABLES } from '../../schema/table-names.ts';
import { bumpRevision, lockRevision } from '../revisions.ts';
import { clusterRows, groupRows } from '../scaling-state.ts';
import { addEvents } from './events.ts';

const OPERATOR = 'operator';

/** See ScalingStore.pause. */
export function pauseGroup(database: Database, groupId: string, paused: boolean, reason: string): Promise<boolean> {
  return underLock(database, async (session) => {
    if (!(await session.manager.getRepository<ObjectRow>(TABLES.groups).existsBy({ id: groupId }))) return false;
    const old = await groupRows(session).findOneBy({ groupId });
    const pauseReason = paused ? reason : '';
    if ((old?.paused ?? false) === paused && (old?.pauseReason ?? '') === pauseReason) return false;
    if (old) await groupRows(session).update({ groupId }, { paused, pauseReason });
    else await groupRows(session).insert({ groupId, document: '', paused, pauseReason });
    const kind = paused ? ScalingEvent_Kind.PAUSED : ScalingEvent_Kind.RESUMED;
    await addEvents(session, [event({ groupId, kind, reason })]);
    return true;
  });
}

/** See ScalingStore.forceStop. */
export function askForceStop(database: Database, backendId: string, groupId: string, reason: string): Promise<boolean> {
  return underLock(database, async (session) => {
    if (!(await session.manager.getRepository<BackendRow>(TABLES.backends).existsBy({ id: backendId }))) return false;
    const old = await clusterRows(session).findOneBy({ backendId });
    if (old?.forceStop) return true;
    if (old) await clusterRows(session).update({ backendId }, { forceStop: true });
    else await clusterRows(session).insert({ backendId, groupId, document: '', forceStop: true });
    const kind = ScalingEvent_Kind.FORCE_STOPPED;
    await addEvents(session, [event({ groupId, backendId, kind, reason })]);
    return true;
  });
}

function underLock(database: Database, work: (session: Session) => Promise<boolean>): Promise<boolean> {
  return database.transaction(async (session) => {
    await lockRevision(session, 'conditions');
    const changed = await work(session);
    if (changed) await bumpRevision(session, 'conditions');
    return changed;
  });
}

function event(given: { groupId: string; backendId?: string; kind: ScalingEvent_Kind; reason: string }) {
  return create(ScalingEventSchema, { ...given, at: timestampNow(), by: OPERATOR });
}
