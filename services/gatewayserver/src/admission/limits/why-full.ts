import type { AdmissionState } from '../state/admission-state.ts';
import type { Waiter } from '../state/waiter.ts';
import { type Load, NO_LOAD, sumOf } from '../state/waiting-loads.ts';
import type { Limits } from './limits.ts';

/** A bound that a newcomer must not exceed. */
type Bound = { whose: string; most: number; key: string };

/** Why a queue is full, as a message for the client; undefined when it is not, or when this one waits already. */
export function whyFull(
  state: AdmissionState,
  limits: Limits,
  { id, groupId, user, bytes = 0 }: Pick<Waiter, 'id' | 'groupId' | 'user' | 'bytes'>,
): string | undefined {
  if (state.waiter(id)) return undefined;
  const { queues } = limits;
  const { maxQueued = 0, maxQueuedOfUser = 0 } = limits.group(groupId) ?? {};
  const inGroup = state.loads.ofGroup(groupId);
  const all = state.loads.all();
  const ofUser = state.loads.ofUser(user);
  const everywhere = sumOf(ofUser.values());
  const own = maxQueuedOfUser > 0 ? (ofUser.get(groupId) ?? NO_LOAD) : sumOf(withoutOwnBound(ofUser, limits));
  return (
    tooMany(inGroup, {
      whose: `for group ${groupId}`,
      most: maxQueued || queues.maxQueuedInGroup,
      key: maxQueued > 0 ? 'queue.max_queued of the group' : 'gatewayserver.queue_max_queued_per_group',
    }) ??
    tooMany(own, {
      whose: maxQueuedOfUser > 0 ? `of this user in group ${groupId}` : 'of this user',
      most: maxQueuedOfUser || queues.maxQueuedOfUser,
      key: maxQueuedOfUser > 0 ? 'queue.per_user_max_queued of the group' : 'gatewayserver.queue_max_queued_per_user',
    }) ??
    tooMany(all, { whose: 'in this gateway', most: queues.maxQueued, key: 'gatewayserver.queue_max_queued' }) ??
    tooLarge(everywhere, bytes, {
      whose: 'of this user',
      most: queues.maxBytesOfUser,
      key: 'gatewayserver.queue_max_bytes_per_user',
    }) ??
    tooLarge(inGroup, bytes, {
      whose: `for group ${groupId}`,
      most: queues.maxBytesInGroup,
      key: 'gatewayserver.queue_max_bytes_per_group',
    }) ??
    tooLarge(all, bytes, { whose: 'in this gateway', most: queues.maxBytes, key: 'gatewayserver.queue_max_bytes' })
  );
}

/** A group with its own bound per user is counted by that bound alone, not with the other groups. */
function* withoutOwnBound(ofUser: ReadonlyMap<string, Load>, limits: Limits): Iterable<Load> {
  for (const [groupId, load] of ofUser) if (!limits.group(groupId)?.maxQueuedOfUser) yield load;
}

function tooMany({ waiters }: Load, { whose, most, key }: Bound): string | undefined {
  if (most === 0 || waiters < most) return undefined;
  return `Too many queued queries ${whose}: at most ${most} may wait (${key}). ${WHAT_TO_DO}`;
}

function tooLarge(load: Load, bytes: number, { whose, most, key }: Bound): string | undefined {
  if (most === 0 || load.bytes + bytes <= most) return undefined;
  return `Too many bytes of queued queries ${whose}: at most ${most} bytes may wait (${key}). ${WHAT_TO_DO}`;
}

const WHAT_TO_DO = 'Try again later, or ask the administrators of this gateway';
