import type { Database } from '../../connection/database.ts';
import type { ScalingStore } from '../../contract/scaling.ts';
import { recordDecision } from './decisions.ts';
import { listEvents, pruneEvents } from './events.ts';
import { giveUpLead, readLeader, takeLead } from './lead.ts';
import { askForceStop, pauseGroup } from './operators.ts';

/** Autoscaling. */
export function scalingStore(database: Database): ScalingStore {
  return {
    lead: (holder, ms) => takeLead(database, holder, ms),
    resign: (holder) => giveUpLead(database, holder),
    leader: () => readLeader(database),
    record: (lead, decision, events) => recordDecision(database, lead, decision, events),
    pause: (groupId, paused, reason) => pauseGroup(database, groupId, paused, reason),
    forceStop: (backendId, groupId, reason) => askForceStop(database, backendId, groupId, reason),
    events: (filter) => listEvents(database, filter),
    prune: (kept) => pruneEvents(database, kept),
  };
}
