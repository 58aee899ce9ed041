import { create, type MessageInitShape } from '@bufbuild/protobuf';
import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import {
  ClusterScalingSchema,
  type Group_AutoscalingSchema,
  type GroupScaling,
  GroupScalingSchema,
  ClusterScaling_State as State,
} from '@trino-gateway/api/gateway';
import { awaitsSeal, decidedGroup, decideGroup } from '../../src/index.ts';
import { type Chance, chanceOf } from './chance.ts';
import { carryOut, known, type Machine, machine, pass, type StartTime } from './world.ts';

export const DAY_SECONDS = 86_400;
/** How often is decided. A real loop looks more often, and does better. */
const STEP_SECONDS = 30;
/** The longest that a quiet group is left alone. */
const QUIET_SECONDS = 120;
const MIDNIGHT = Date.parse('2026-11-24T00:00:00Z');
const atMs = (second: number) => MIDNIGHT + Math.round(second * 1_000);

/** One query: when it comes, and for how long it runs; seconds. */
export type Query = { at: number; seconds: number };

export type Day = {
  queries: readonly Query[];
  clusters: number;
  slots: number;
  autoscaling: MessageInitShape<typeof Group_AutoscalingSchema>;
  startTime: StartTime;
  /** Whether the scalers' API answers. */
  answers: (second: number) => boolean;
};

export type Outcome = { longestWait: number; starts: number; hours: number; served: number };

/**
 * A day of one group in virtual time, with the real decision: queries come, wait first in first out, and run on the ready cluster
 * with the fewest; after midnight it goes on until all have been served.
 */
export function simulate(day: Day, seed: number): Outcome {
  const chance = chanceOf(seed);
  const machines = Array.from({ length: day.clusters }, (_, at) => machine(`c${at + 1}`, day.slots));
  let group = create(GroupScalingSchema, {
    groupId: 'simulated',
    autoscaling: day.autoscaling,
    clusters: machines.map(({ id }) => create(ClusterScalingSchema, { backendId: id })),
  });
  const waiting: Query[] = [];
  const outcome: Outcome = { longestWait: 0, starts: 0, hours: 0, served: 0 };
  const quiet = { changed: false, until: 0 };
  let next = 0;
  for (let now = 0; now < DAY_SECONDS || outcome.served < day.queries.length; now += STEP_SECONDS) {
    if (now > 2 * DAY_SECONDS) throw new Error(`${day.queries.length - outcome.served} queries were never served`);
    pass(machines, Math.max(0, now - STEP_SECONDS), now);
    for (let query = day.queries[next]; query && query.at <= now; query = day.queries[next]) {
      waiting.push(query);
      next++;
    }
    dispatch(waiting, machines, group, now, outcome);
    if (waiting.length === 0 && now < quiet.until && machines.every(({ ends }) => ends.length === 0)) continue;
    group = step(group, day, { machines, waiting, now, chance });
    quiet.until = group.clusters.some(({ state }) => state !== State.STOPPED && state !== State.READY)
      ? 0
      : now + QUIET_SECONDS;
    dispatch(waiting, machines, group, now, outcome);
  }
  outcome.starts = machines.reduce((sum, { starts }) => sum + starts, 0);
  outcome.hours = machines.reduce((sum, { seconds }) => sum + seconds, 0) / 3_600;
  return outcome;
}

type World = { machines: readonly Machine[]; waiting: readonly Query[]; now: number; chance: Chance };

/** One look at the group, as the monitor has it: completes the picture, decides, stores, has scalers told, asks for seals. */
function step(before: GroupScaling, day: Day, { machines, waiting, now, chance }: World): GroupScaling {
  const answers = day.answers(now);
  const picture = create(GroupScalingSchema, {
    ...before,
    now: timestampFromMs(atMs(now)),
    queued: waiting.length,
    longestWaitMs: waiting[0] ? Math.round((now - waiting[0].at) * 1_000) : 0,
    clusters: before.clusters.map((cluster, at) => {
      const own = machines[at];
      return own ? known(cluster, own, atMs, answers) : cluster;
    }),
  });
  const decision = decideGroup(picture);
  const group = decidedGroup(picture, decision);
  for (const [at, cluster] of group.clusters.entries()) {
    const own = machines[at];
    const action = decision.actions.find(({ backendId }) => backendId === cluster.backendId);
    if (own && action && answers) {
      carryOut(own, action.tell, now, day.startTime, chance);
      cluster.toldAt = timestampFromMs(atMs(now));
    }
    if (own && picture.now && awaitsSeal(cluster, group.autoscaling, picture.now)) own.sealed = own.ends.length === 0;
  }
  return group;
}

function dispatch(
  waiting: Query[],
  machines: readonly Machine[],
  group: GroupScaling,
  now: number,
  outcome: Outcome,
): void {
  while (waiting.length > 0) {
    const ready = machines.filter(
      (one, at) => group.clusters[at]?.state === State.READY && !one.sealed && one.ends.length < one.slots,
    );
    const [least] = ready.toSorted((one, other) => one.ends.length - other.ends.length);
    const query = least && waiting.shift();
    if (!least || !query) return;
    least.ends.push(now + query.seconds);
    least.ends.sort((one, other) => one - other);
    outcome.longestWait = Math.max(outcome.longestWait, now - query.at);
    outcome.served++;
  }
}
