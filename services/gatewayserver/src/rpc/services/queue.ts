import type { MessageInitShape } from '@bufbuild/protobuf';
import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import type { ServiceImpl } from '@connectrpc/connect';
import type {
  GetQueueStatsRequest,
  GetQueueStatsResponse_GroupStatsSchema,
  ListQueuedRequest,
  MoveToFrontRequest,
  QueuedQuerySchema,
  QueueService,
} from '@trino-gateway/api/gateway';
import { parseUntrustedJson } from '@trino-gateway/json';
import { moveToFront } from '../../admission/rules/queue.ts';
import { estimatedStart, startedLastMinute } from '../../admission/rules/turnover.ts';
import { whyWaits } from '../../admission/rules/why-waits.ts';
import type { AdmissionState } from '../../admission/state/admission-state.ts';
import type { Waiter } from '../../admission/state/waiter.ts';
import { checkedId, checkedText, found, invalid } from '../../configuration/validation.ts';
import { asOf } from './as-of.ts';
import type { RpcContext } from './context.ts';
import { checkedPageSize } from './paging.ts';

type Context = Pick<RpcContext, 'configuration' | 'ledger' | 'limits'>;
type Queued = MessageInitShape<typeof QueuedQuerySchema>;
type GroupStats = Exclude<MessageInitShape<typeof GetQueueStatsResponse_GroupStatsSchema>, { $typeName: string }>;

/** Which queries wait, and why. */
export function queueService(context: Context): ServiceImpl<typeof QueueService> {
  return {
    listQueued: async (request) => listQueued(context, request),
    getQueueStats: async (request) => getQueueStats(context, request),
    moveToFront: (request) => moveQueryToFront(context, request),
    holdGroup: ({ id }) => setHeld(context, id, true),
    releaseGroup: ({ id }) => setHeld(context, id, false),
  };
}

function listQueued(context: Context, { groupId, user, pageSize, pageToken }: ListQueuedRequest) {
  const { ledger } = context;
  if (groupId !== '') checkedId(groupId, 'group_id');
  checkedText('user', user, 1_000);
  const size = checkedPageSize(pageSize);
  const after = readToken(pageToken);
  const all = inOrder(ledger.state(), groupId === '' ? undefined : groupId).filter(
    (waiter) => user === '' || waiter.user === user,
  );
  const from = after === undefined ? 0 : all.findIndex((waiter) => isBehind(waiter, after));
  const page = from < 0 ? [] : all.slice(from, from + size);
  const last = page.at(-1);
  const isMore = last !== undefined && from + size < all.length;
  const started = startedLastMinute(ledger.state(), ledger.now());
  return {
    queries: page.map((waiter) => queuedQuery(context, waiter, started)),
    nextPageToken: isMore ? writeToken(last) : '',
    ...asOf(context),
  };
}

function getQueueStats(context: Context, { groupId }: GetQueueStatsRequest) {
  const { configuration, ledger } = context;
  if (groupId !== '') checkedId(groupId, 'group_id');
  const ids = [...configuration.known.groups.keys()].filter((id) => groupId === '' || id === groupId).sort();
  const started = startedLastMinute(ledger.state(), ledger.now());
  return { groups: ids.map((id) => groupStats(context, id, started)) };
}

async function moveQueryToFront(context: Context, { id }: MoveToFrontRequest): Promise<Queued> {
  const { ledger } = context;
  checkedId(id);
  const moved = found('queued query', id, await ledger.run((admission) => moveToFront(admission, id)));
  return queuedQuery(context, moved, startedLastMinute(ledger.state(), ledger.now()));
}

async function setHeld(context: Context, id: string, held: boolean): Promise<GroupStats> {
  const { configuration, ledger } = context;
  found('group', checkedId(id), configuration.known.groups.get(id));
  await ledger.run(({ state }) => state.setHeld(id, held));
  return groupStats(context, id, startedLastMinute(ledger.state(), ledger.now()));
}

/** By group, then in the order in which slots are offered; those with an offer first. */
function inOrder(state: AdmissionState, groupId: string | undefined): Waiter[] {
  const waiting = [...state.waiting()].filter(({ groupId: its }) => (groupId ?? its) === its);
  return waiting.sort((a, b) => compareKeys(keyOf(a), keyOf(b)));
}

type Key = readonly [groupId: string, phase: number, priority: number, place: number, id: string];

const keyOf = ({ groupId, phase, priority, place, id }: Waiter): Key => [
  groupId,
  phase === 'CLAIMED' ? 0 : 1,
  -priority,
  place,
  id,
];

function compareKeys(a: Key, b: Key): number {
  for (const [at, value] of a.entries()) {
    const other = b[at] ?? value;
    if (value !== other) return value < other ? -1 : 1;
  }
  return 0;
}

const isBehind = (waiter: Waiter, key: Key) => compareKeys(keyOf(waiter), key) > 0;

function writeToken(waiter: Waiter): string {
  return Buffer.from(JSON.stringify(keyOf(waiter))).toString('base64url');
}

function readToken(token: string): Key | undefined {
  if (token === '') return undefined;
  try {
    const key: unknown = parseUntrustedJson(Buffer.from(token, 'base64url').toString());
    const kinds = Array.isArray(key) ? key.map((value) => typeof value).join(' ') : '';
    if (kinds === 'string number number number string') return key as unknown as Key;
  } catch {
    // Not a token of this call: refused below.
  }
  throw invalid('page_token', 'expected next_page_token of the call before');
}

function queuedQuery({ ledger, limits }: Context, waiter: Waiter, started: ReadonlyMap<string, number>): Queued {
  const { id, groupId, user, source, priority, queuedAt, presentUntil, phase } = waiter;
  const now = ledger.now();
  const position = ledger.state().positionOf(waiter);
  const isHeld = ledger.state().isHeld(groupId);
  const startsAt = isHeld ? undefined : estimatedStart(position, started.get(groupId) ?? 0, now);
  return {
    id,
    groupId,
    user,
    source,
    priority,
    position,
    queuedAt: timestampFromMs(queuedAt),
    present: phase === 'CLAIMED' || presentUntil > now,
    reason: whyWaits(ledger.state(), limits, waiter, now),
    ...(startsAt !== undefined && { estimatedStart: timestampFromMs(startsAt) }),
  };
}

function groupStats({ ledger, limits }: Context, groupId: string, started: ReadonlyMap<string, number>): GroupStats {
  const state = ledger.state();
  const now = ledger.now();
  const { backendIds = [], maxOnEachBackend = 0 } = limits.group(groupId) ?? {};
  const queue = state.queue(groupId);
  const longest = queue.reduce((ms, { queuedAt }) => Math.max(ms, now - queuedAt), 0);
  return {
    groupId,
    queued: queue.length,
    present: queue.filter(({ presentUntil }) => presentUntil > now).length,
    running: backendIds.reduce((sum, id) => sum + state.inGroupOnBackend(groupId, id), 0),
    held: state.isHeld(groupId),
    longestWaitMs: Math.min(Math.round(longest), 2 ** 31 - 1),
    startedLastMinute: started.get(groupId) ?? 0,
    backends: backendIds.map((backendId) => {
      const taken = state.inGroupOnBackend(groupId, backendId);
      const bounds = [limits.maxOnBackend(backendId), maxOnEachBackend].filter((most) => most > 0);
      return {
        backendId,
        limit: bounds.length === 0 ? 0 : Math.min(...bounds),
        taken,
        takenByOthers: state.onBackend(backendId) - taken,
        available: limits.isAvailable(backendId),
      };
    }),
  };
}
