import type { GroupLimits, Limits } from '../limits/limits.ts';
import type { AdmissionState } from '../state/admission-state.ts';
import type { Waiter } from '../state/waiter.ts';
import { slotProblem } from './slots.ts';

/** What a limit that only observes would have done. */
export type Observation = {
  groupId: string;
  limit: 'max_running_queries' | 'max_running_queries_per_backend' | 'per_user_max_running' | QueueLimit;
  would: 'wait' | 'refuse';
  /** A sentence for operators. */
  text: string;
};

type QueueLimit = 'max_queued' | 'per_user_max_queued' | 'max_wait_ms';

/** Why a query of this user would wait, if limits did more than observe; undefined when it would not. */
export function wouldHaveWaited(
  state: AdmissionState,
  limits: Limits,
  groupId: string,
  user: string,
): Observation | undefined {
  const group = limits.group(groupId);
  if (!group || !hasObserved(limits, group)) return undefined;
  const { maxRunningOfUser = 0 } = group.observed ?? {};
  const running = state.ofUser(groupId, user);
  const said = (limit: Observation['limit'], why: string): Observation => ({
    ...{ groupId, limit, would: 'wait' },
    text: `would have waited in group ${groupId}: ${why} (${limit})`,
  });
  if (maxRunningOfUser > 0 && running >= maxRunningOfUser)
    return said('per_user_max_running', `its user has ${running} queries of ${maxRunningOfUser} running`);
  const usable = group.backendIds.filter((id) => slotProblem(state, limits, groupId, id) === undefined);
  const problems = usable.map((id) => slotProblem(state, observing(limits), groupId, id));
  if (problems.length === 0 || problems.includes(undefined)) return undefined;
  const limit = problems.includes('group is full') ? 'max_running_queries_per_backend' : 'max_running_queries';
  return said(limit, 'all of its slots are taken');
}

/** Why a newcomer would not be queued, if limits of its group did more than observe; undefined when it would. */
export function wouldHaveBeenFull(
  state: AdmissionState,
  limits: Limits,
  { groupId, user }: Pick<Waiter, 'groupId' | 'user'>,
): Observation | undefined {
  const { maxQueued = 0, maxQueuedOfUser = 0 } = limits.group(groupId)?.observed ?? {};
  const said = (limit: QueueLimit, who: string, most: number): Observation => ({
    ...{ groupId, limit, would: 'refuse' },
    text: `would have been refused: at most ${most} queries ${who} may wait in group ${groupId} (${limit})`,
  });
  if (maxQueued > 0 && state.loads.ofGroup(groupId).waiters >= maxQueued)
    return said('max_queued', 'in all', maxQueued);
  const ofUser = state.loads.ofUser(user).get(groupId)?.waiters ?? 0;
  if (maxQueuedOfUser > 0 && ofUser >= maxQueuedOfUser)
    return said('per_user_max_queued', 'of one user', maxQueuedOfUser);
  return undefined;
}

function hasObserved(limits: Limits, { observed, backendIds }: GroupLimits): boolean {
  return observed !== undefined || backendIds.some((id) => limits.observedMaxOnBackend(id) > 0);
}

/** The limits as if none of them only observed. */
function observing(limits: Limits): Limits {
  return {
    ...limits,
    maxOnBackend: (id) => limits.maxOnBackend(id) || limits.observedMaxOnBackend(id),
    group: (id) => {
      const group = limits.group(id);
      return group && { ...group, ...group.observed };
    },
  };
}
