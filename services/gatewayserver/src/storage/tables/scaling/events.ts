import { create } from '@bufbuild/protobuf';
import { timestampFromMs, timestampMs } from '@bufbuild/protobuf/wkt';
import {
  type ScalingEvent,
  ScalingEvent_Kind,
  ScalingEvent_KindSchema,
  ScalingEventSchema,
} from '@trino-gateway/api/gateway';
import { type FindOptionsWhere, LessThan, LessThanOrEqual } from 'typeorm';
import type { Database } from '../../connection/database.ts';
import type { Session } from '../../connection/session.ts';
import type { ScalingEventFilter } from '../../contract/scaling.ts';
import type { ScalingEventRow } from '../../schema/scaling.ts';
import { TABLES } from '../../schema/table-names.ts';

const rowsOf = ({ manager }: Session) => manager.getRepository<ScalingEventRow>(TABLES.scalingEvents);

/**
 * Adds what is not there yet: an event of the same time, kind, actor, group and cluster is the same one. Under the lock of the
 * conditions, so that no two get the same number.
 * @returns those that were new, with their numbers
 */
export async function addEvents(session: Session, events: readonly ScalingEvent[]): Promise<ScalingEvent[]> {
  const added: ScalingEvent[] = [];
  let last = events.length === 0 ? 0 : await lastNumber(session);
  for (const event of events) {
    const row = rowOf(event);
    const { at, kind, actor, groupId, backendId } = row;
    if (await rowsOf(session).existsBy({ groupId, at, kind, actor, backendId })) continue;
    last += 1;
    await rowsOf(session).insert({ ...row, number: last });
    added.push({ ...event, id: String(last) });
  }
  return added;
}

/** See ScalingStore.events. */
export function listEvents(database: Database, filter: ScalingEventFilter): Promise<ScalingEvent[]> {
  const { groupId, backendId, most, after } = filter;
  const where: FindOptionsWhere<ScalingEventRow> = {
    ...(groupId !== '' && { groupId }),
    ...(backendId !== '' && { backendId }),
    ...(after !== '' && { number: LessThan(Number(after)) }),
  };
  return database.read(async (session) => {
    const rows = await rowsOf(session).find({ where, order: { number: 'DESC' }, take: most });
    return rows.map(eventOf);
  });
}

/** See ScalingStore.prune. */
export function pruneEvents(database: Database, kept: number): Promise<void> {
  return database.transaction(async (session) => {
    // The first statement of a transaction is a write; none has this number.
    await rowsOf(session).delete({ number: 0 });
    const last = await lastNumber(session);
    if (last > kept) await rowsOf(session).delete({ number: LessThanOrEqual(last - kept) });
  });
}

async function lastNumber(session: Session): Promise<number> {
  const [newest] = await rowsOf(session).find({ order: { number: 'DESC' }, take: 1 });
  return newest?.number ?? 0;
}

function rowOf({ at, groupId, backendId, kind, reason, by }: ScalingEvent): Omit<ScalingEventRow, 'number'> {
  const name = ScalingEvent_KindSchema.value[kind]?.name ?? '';
  return { at: at ? Math.round(timestampMs(at)) : 0, groupId, backendId, kind: name, reason, actor: by };
}

function eventOf({ number, at, groupId, backendId, kind, reason, actor }: ScalingEventRow): ScalingEvent {
  return create(ScalingEventSchema, {
    id: String(number),
    at: timestampFromMs(at),
    groupId,
    backendId,
    kind: ScalingEvent_Kind[kind as keyof typeof ScalingEvent_Kind] ?? ScalingEvent_Kind.KIND_UNSPECIFIED,
    reason,
    by: actor,
  });
}
