import type { Query } from './simulate.ts';

/**
 * A bound that no way of starting and stopping clusters can go below, whoever knows the day beforehand: the clusters must hold all
 * work, and at any time as many as those queries need that surely run then, because none may wait longer than `longestWait` seconds.
 * Starts and stops cost nothing in it. Cluster-hours.
 */
export function lowerBound(queries: readonly Query[], slots: number, longestWait: number): number {
  const work = queries.reduce((sum, { seconds }) => sum + seconds, 0) / slots;
  const changes = queries
    .filter(({ seconds }) => seconds > longestWait)
    .flatMap(({ at, seconds }) => [
      { at: at + longestWait, by: 1 },
      { at: at + seconds, by: -1 },
    ])
    .sort((one, other) => one.at - other.at);
  let surely = 0;
  let running = 0;
  for (const [index, { at, by }] of changes.entries()) {
    running += by;
    surely += Math.ceil(running / slots) * ((changes[index + 1]?.at ?? at) - at);
  }
  return Math.max(work, surely) / 3_600;
}
