import type { Limits } from '../limits/limits.ts';
import { slotProblem } from '../rules/slots.ts';
import type { AdmissionState } from '../state/admission-state.ts';

const MOST_NAMED = 20;

/** Of each backend of a group, how it stands with its limits: a sentence for operators. */
export function slotsOfGroup(state: AdmissionState, limits: Limits, groupId: string): string {
  const backendIds = limits.group(groupId)?.backendIds ?? [];
  const named = backendIds.slice(0, MOST_NAMED).map((id) => slotsOfBackend(state, limits, groupId, id));
  const others = backendIds.length - named.length;
  return `${named.join('; ')}${others > 0 ? `; and ${others} more` : ''}`;
}

function slotsOfBackend(state: AdmissionState, limits: Limits, groupId: string, id: string): string {
  const most = limits.maxOnBackend(id);
  const external = most > 0 ? limits.externalOn(id) : 0;
  const each = limits.group(groupId)?.maxOnEachBackend ?? 0;
  switch (slotProblem(state, limits, groupId, id)) {
    case 'backend is full': {
      const running = `${state.onBackend(id) + external} running`;
      return `backend ${id} is at its limit of ${most} (${running}${external > 0 ? `, ${external} of them not through the gateway` : ''})`;
    }
    case 'group is full':
      return `backend ${id} is at the limit of group ${groupId}, ${each} on each backend`;
    case 'unavailable':
      return `backend ${id} is not available`;
    case undefined:
      return `backend ${id} has room${most > 0 ? `: ${state.onBackend(id) + external} of ${most} running` : ''}`;
  }
}
