import { create } from '@bufbuild/protobuf';
import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import {
  type ClusterScaling,
  ClusterScalingSchema,
  GetDrainStatusResponse_Remaining_Kind as Kind,
  GetDrainStatusResponse_RemainingSchema as RemainingSchema,
  Backend_Scaler_State as Said,
} from '@trino-gateway/api/gateway';
import type { Chance } from './chance.ts';

/** What becomes of a start: seconds until it takes queries, or never. */
export type StartTime = (chance: Chance) => number;

const STOP_SECONDS = 30;

/** A cluster as it really is; times are seconds of the day. */
export type Machine = {
  readonly id: string;
  readonly slots: number;
  state: Said;
  /** When what is under way is done. */
  doneAt: number;
  upSince: number;
  sealed: boolean;
  /** When its queries end, earliest first. */
  readonly ends: number[];
  starts: number;
  /** For which it was not stopped: what it costs. */
  seconds: number;
};

export function machine(id: string, slots: number): Machine {
  const idle = { doneAt: Number.POSITIVE_INFINITY, upSince: 0, sealed: false, starts: 0, seconds: 0 };
  return { id, slots, state: Said.STOPPED, ends: [], ...idle };
}

/** Lets time pass, up to `now`. */
export function pass(machines: readonly Machine[], before: number, now: number): void {
  for (const one of machines) {
    if (one.state !== Said.STOPPED)
      one.seconds += Math.min(now, one.state === Said.STOPPING ? one.doneAt : now) - before;
    while ((one.ends[0] ?? Number.POSITIVE_INFINITY) <= now) one.ends.shift();
    if (one.doneAt > now) continue;
    one.upSince = one.doneAt;
    one.state = one.state === Said.STARTING ? Said.RUNNING : Said.STOPPED;
    one.sealed = false;
    one.doneAt = Number.POSITIVE_INFINITY;
  }
}

/** Carries out what a scaler is told. Stopping what works is what must never happen. */
export function carryOut(
  one: Machine,
  tell: 'START' | 'STOP',
  now: number,
  startTime: StartTime,
  chance: Chance,
): void {
  if (tell === 'STOP' && one.ends.length > 0) throw new Error(`${one.id} is stopped with ${one.ends.length} queries`);
  if (tell === 'START' && one.state === Said.STOPPED) {
    one.starts++;
    one.state = Said.STARTING;
    one.doneAt = now + startTime(chance);
  } else if (tell === 'STOP' && one.state !== Said.STOPPED) {
    one.state = Said.STOPPING;
    one.doneAt = now + STOP_SECONDS;
  }
}

/** What is known of a machine: by its scaler where that answers, by probes, and by what ties it. */
export function known(
  stored: ClusterScaling,
  one: Machine,
  atMs: (second: number) => number,
  answers: boolean,
): ClusterScaling {
  const healthy = one.state === Said.RUNNING;
  const count = one.ends.length;
  return create(ClusterScalingSchema, {
    ...stored,
    observed: answers ? one.state : Said.STATE_UNSPECIFIED,
    scalerProblem: answers ? '' : 'its API does not answer',
    scalable: true,
    slots: one.slots,
    running: count,
    healthy,
    healthySince: healthy ? timestampFromMs(atMs(one.upSince)) : (undefined as never),
    sealed: one.sealed,
    remaining: count > 0 ? [create(RemainingSchema, { kind: Kind.RUNNING, count })] : [],
  });
}
