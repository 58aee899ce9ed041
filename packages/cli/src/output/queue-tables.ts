import type { GetQueueStatsResponse, GetQueueStatsResponse_BackendSlots } from '@trino-gateway/api/gateway';
import { shortDuration } from './short-duration.ts';
import { formatTable } from './table.ts';

const GROUP_HEADS = ['GROUP', 'WAITING', 'POLLED', 'RUNNING', 'STARTED/MIN', 'LONGEST WAIT', 'STATE'];
const SLOT_HEADS = ['GROUP', 'BACKEND', 'TAKEN', 'BY OTHERS', 'FREE', 'LIMIT', 'AVAILABLE'];

/** The queues of all groups and the slots of their backends, as lines. @param width undefined: nothing is cut */
export function queueTables({ groups }: GetQueueStatsResponse, width: number | undefined): string[] {
  const queues = groups.map((one) => [
    one.groupId,
    String(one.queued),
    String(one.present),
    String(one.running),
    String(one.startedLastMinute),
    one.queued > 0 ? shortDuration(one.longestWaitMs) : '-',
    one.held ? 'held' : '-',
  ]);
  const slots = groups.flatMap(({ groupId, backends }) =>
    backends.map((one) => [
      groupId,
      one.backendId,
      String(one.taken),
      String(one.takenByOthers),
      freeSlots(one),
      one.limit > 0 ? String(one.limit) : 'none',
      one.available ? 'yes' : 'no',
    ]),
  );
  return [...formatTable(GROUP_HEADS, queues, width), '', ...formatTable(SLOT_HEADS, slots, width)];
}

function freeSlots({ limit, taken, takenByOthers }: GetQueueStatsResponse_BackendSlots): string {
  return limit > 0 ? String(Math.max(0, limit - taken - takenByOthers)) : '-';
}
