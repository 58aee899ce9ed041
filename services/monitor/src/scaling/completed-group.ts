import { clone } from '@bufbuild/protobuf';
import { type Timestamp, timestampFromMs, timestampMs } from '@bufbuild/protobuf/wkt';
import {
  type ClusterScaling,
  type GroupScaling,
  GroupScalingSchema,
  ClusterScaling_State as State,
} from '@trino-gateway/api/gateway';
import type { Errands } from './calls/errands.ts';
import type { Reading, Readings } from './calls/readings.ts';

/** What this monitor knows beside the picture of the gatewayserver. */
export type Known = {
  readings: Pick<Readings, 'of'>;
  tellings: Pick<Errands, 'outcome'>;
  warmUps: Pick<Errands, 'outcome'>;
  /** A steady clock, in milliseconds; that of readings and errands. */
  now: () => number;
};

/** The picture of a group, completed by what scalers said and took, and by warm-ups that have run. */
export function completedGroup(picture: GroupScaling, known: Known): GroupScaling {
  const group = clone(GroupScalingSchema, picture);
  const now = picture.now ? timestampMs(picture.now) : 0;
  /** A moment of the steady clock by the clock of the picture. */
  const at = (moment: number) => timestampFromMs(Math.round(now - (known.now() - moment)));
  for (const cluster of group.clusters) completeCluster(cluster, known, at);
  return group;
}

/** What a scaler is told is one errand; telling it again, as it has forgotten, is another. */
export function tellingKey({ state, since, toldAt }: ClusterScaling): string {
  return [state, msOf(since), msOf(toldAt)].join(' ');
}

/** A warm-up holds for one start, and for as long as the cluster stays healthy. */
export function warmUpKey({ since, healthySince }: ClusterScaling): string {
  return [msOf(since), msOf(healthySince)].join(' ');
}

function completeCluster(cluster: ClusterScaling, known: Known, at: (moment: number) => Timestamp): void {
  const { readings, tellings, warmUps } = known;
  const { backendId, state } = cluster;
  if (!cluster.scalable) return;
  const told = tellings.outcome(backendId, tellingKey(cluster));
  const warmedUp = warmUps.outcome(backendId, warmUpKey(cluster));
  if (told.doneAt !== undefined && (state === State.STARTING || state === State.TERMINATING))
    cluster.toldAt = at(told.doneAt);
  if (warmedUp.doneAt !== undefined && state === State.STARTING) cluster.warmedUpAt = at(warmedUp.doneAt);
  const reading = readings.of(backendId);
  if (reading) takeReading(cluster, reading, at);
  const problems = [told.problem, state === State.STARTING ? warmedUp.problem : '', reading?.problem ?? ''];
  cluster.scalerProblem = problems.find((problem) => problem !== '') ?? (reading ? '' : cluster.scalerProblem);
}

function takeReading(cluster: ClusterScaling, reading: Reading, at: (moment: number) => Timestamp): void {
  cluster.observed = reading.observed;
  cluster.observedAt = at(reading.at);
}

function msOf(time: Timestamp | undefined): string {
  return time ? String(timestampMs(time)) : '-';
}
