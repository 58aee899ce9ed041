import type { Chance } from './chance.ts';
import { DAY_SECONDS, type Day, type Query } from './simulate.ts';

const MINUTE = 60;
const HOUR = 3_600;

/** A day's load, and what is promised for it. */
export type Shape = {
  name: string;
  /** No query waits longer; seconds. */
  longestWait: number;
  /** More starts than this would be flapping. */
  mostStarts: number;
  dayOf(chance: Chance): Day;
};

/** Five clusters of ten slots that start within 1.5 to 4 minutes. */
const COMMON = {
  clusters: 5,
  slots: 10,
  autoscaling: {
    scaleUpQueued: 5,
    scaleUpWaitMs: 30_000,
    scaleDownUtilizationPercent: 60,
    drainIdleMs: 60_000,
    coolDownMs: 300_000,
    startTimeoutMs: 300_000,
  },
  startTime: (chance: Chance) => 90 + 150 * chance(),
  answers: () => true,
};

/** Queries of a minute each, on average, so that `busy` of them run at a time of the day. */
function stream(chance: Chance, busy: (second: number) => number): Query[] {
  const queries: Query[] = [];
  for (let minute = 0; minute < DAY_SECONDS / MINUTE; minute++) {
    const expected = busy(minute * MINUTE);
    const count = Math.floor(expected) + (chance() < expected % 1 ? 1 : 0);
    const times = Array.from({ length: count }, () => Math.floor((minute + chance()) * MINUTE));
    for (const at of times.sort((one, other) => one - other))
      queries.push({ at, seconds: 20 + Math.floor(80 * chance()) });
  }
  return queries;
}

function burst(chance: Chance, at: number, count: number, seconds: number): Query[] {
  const times = Array.from({ length: count }, () => at + Math.floor(30 * chance())).sort((one, other) => one - other);
  return times.map((time) => ({ at: time, seconds: seconds * (0.8 + 0.4 * chance()) }));
}

const inOrder = (queries: Query[]) => queries.sort((one, other) => one.at - other.at);
const between = (second: number, from: number, to: number) => second >= from * HOUR && second < to * HOUR;
const businessHours = (second: number) =>
  between(second, 7, 19) ? 35 * Math.sin((Math.PI * (second / HOUR - 7)) / 12) ** 2 : 0.05;

export const SHAPES: readonly Shape[] = [
  {
    name: 'flat',
    longestWait: 300,
    mostStarts: 6,
    dayOf: (chance) => ({ ...COMMON, queries: stream(chance, () => 17) }),
  },
  {
    name: 'business day',
    longestWait: 330,
    mostStarts: 44,
    dayOf: (chance) => ({ ...COMMON, queries: stream(chance, businessHours) }),
  },
  {
    name: 'spikes',
    longestWait: 420,
    mostStarts: 21,
    dayOf: (chance) => ({
      ...COMMON,
      queries: inOrder([
        ...stream(chance, () => 5),
        ...[6, 10, 14, 20].flatMap((hour) => burst(chance, hour * HOUR, 60, 120)),
      ]),
    }),
  },
  {
    name: 'on and off',
    longestWait: 300,
    mostStarts: 80,
    dayOf: (chance) => ({
      ...COMMON,
      queries: stream(chance, (second) => (second % (90 * MINUTE) < 45 * MINUTE ? 25 : 0)),
    }),
  },
  {
    name: 'ramp',
    longestWait: 300,
    mostStarts: 8,
    dayOf: (chance) => ({ ...COMMON, queries: stream(chance, (second) => (40 * second) / DAY_SECONDS) }),
  },
  {
    name: 'nightly batch',
    longestWait: 780,
    mostStarts: 8,
    dayOf: (chance) => ({ ...COMMON, queries: burst(chance, 2 * HOUR, 80, 300) }),
  },
  {
    name: 'xl from zero',
    longestWait: 300,
    mostStarts: 6,
    dayOf: (chance) => ({
      ...COMMON,
      clusters: 2,
      slots: 2,
      queries: [3, 8, 9.5, 13, 16, 22].flatMap((hour) => burst(chance, hour * HOUR, 1, 20 * MINUTE)),
    }),
  },
  {
    name: 'sawtooth',
    longestWait: 300,
    mostStarts: 8,
    dayOf: (chance) => ({
      ...COMMON,
      queries: stream(chance, (second) => 6 + (8 * (second % (20 * MINUTE))) / (20 * MINUTE)),
    }),
  },
  {
    name: 'stuck starts',
    longestWait: 2_000,
    mostStarts: 60,
    dayOf: (chance) => ({
      ...COMMON,
      startTime: (drawn) => (drawn() < 0.25 ? Number.POSITIVE_INFINITY : COMMON.startTime(drawn)),
      queries: stream(chance, businessHours),
    }),
  },
  {
    name: 'API away for ten minutes',
    longestWait: 900,
    mostStarts: 21,
    dayOf: (chance) => ({
      ...COMMON,
      answers: (second) => ![6, 14].some((hour) => second >= hour * HOUR - 10 && second < hour * HOUR + 590),
      queries: inOrder([
        ...stream(chance, () => 5),
        ...[6, 10, 14, 20].flatMap((hour) => burst(chance, hour * HOUR, 60, 120)),
      ]),
    }),
  },
];
