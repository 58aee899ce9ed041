import { clone } from '@bufbuild/protobuf';
import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import { type GroupScaling, GroupScalingSchema } from '@trino-gateway/api/gateway';
import { readDailyWindow } from '@trino-gateway/schedule';
import { serving } from './capacity.ts';
import type { GroupDecision } from './decision.ts';
import { type Draft, draftOf } from './draft.ts';
import { observe } from './observe.ts';
import { scaleDown } from './scale-down.ts';
import { meetDemand, meetMinimum } from './scale-up.ts';
import type { Settings } from './settings.ts';
import { actionOf } from './tell.ts';

/**
 * What should become of a group now, from what is known of it: `now` is the clock, `observed` of each cluster what its scaler has
 * just said. Level-triggered: it looks at what is, not at what has happened, so that a decision that was stored and then not
 * carried out is made again. With the same input it changes nothing the second time.
 */
export function decideGroup(group: GroupScaling): GroupDecision {
  const draft = draftOf(group);
  for (const cluster of draft.clusters) observe(draft, cluster, group.autoscaling);
  const reason = draft.paused ? `paused: ${group.pauseReason || 'no reason given'}` : balance(draft);
  return {
    wantedClusters: serving(draft).length,
    reason,
    clusters: [...draft.clusters],
    actions: draft.clusters.flatMap((cluster) => actionOf(draft, cluster)),
    events: draft.events,
    lastChangeAt: draft.lastChangeAt === undefined ? undefined : timestampFromMs(draft.lastChangeAt),
  };
}

/** The group with a decision about it in place: what is recorded, and what a plan shows. */
export function decidedGroup(group: GroupScaling, decision: GroupDecision): GroupScaling {
  const decided = clone(GroupScalingSchema, group);
  decided.clusters = decision.clusters;
  decided.wantedClusters = decision.wantedClusters;
  decided.reason = decision.reason;
  decided.decidedAt = group.now;
  decided.lastChangeAt = decision.lastChangeAt;
  return decided;
}

/** Minimum and demand first; only where neither asks for anything, something goes. Answers why. */
function balance(draft: Draft): string {
  if (draft.clusters.every(({ scalable }) => !scalable))
    return 'none of its clusters has a scaler: they are as they are';
  const min = minimumAt(draft.settings, draft.now);
  const before = draft.events.length;
  const short = meetMinimum(draft, min);
  const asked = meetDemand(draft);
  const [taken] = draft.events.slice(before);
  const down = scaleDown(draft, min);
  if (asked || short) return [short, asked].filter((text) => text !== '').join('; ');
  return taken?.reason ?? down;
}

/** The least number of clusters at a time: the last window that holds counts. */
export function minimumAt({ minClusters }: Pick<Settings, 'minClusters'>, now: number): number {
  return minClusters.findLast((window) => readDailyWindow(window).holds(now))?.min ?? 0;
}
