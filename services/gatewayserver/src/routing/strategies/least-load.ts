import { fewestQueries } from './fewest-queries.ts';
import { least } from './least.ts';
import type { Strategy } from './strategy.ts';

/** The least cluster load; where any is unknown, the fewest queries by our own counts. */
export const leastLoad: Strategy = (choice) => {
  const { pool, live } = choice;
  if (pool.some(({ load }) => load === undefined)) return fewestQueries(choice);
  return least(choice, (member) => {
    const load = member.load ?? 0;
    if (member.loadIsSet) return load;
    const started = live.startedSince(member.id, member.loadSampledAt);
    // A running query counts 2 in a cluster load; what was started and has ended again counts nothing.
    return started === 0 ? load : load + 2 * Math.min(started, live.live(member.id));
  });
};
