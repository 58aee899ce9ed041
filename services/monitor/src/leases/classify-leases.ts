import { querySuffix } from '@trino-gateway/trino';
import type { Observations } from '../clusters/observe-queries.ts';

/** What one answer of a cluster says about leased queries. */
export type LeaseClasses = {
  /** The cluster says that they have ended. */
  ended: string[];
  /** They belong to an earlier incarnation of the coordinator. */
  restarted: string[];
  /** Their own incarnation has not known them for long enough. */
  lost: string[];
  /** Since when each query that is not known now has been missing without a break. */
  missingSince: Map<string, number>;
};

/** One sweep in which a query was missing proves nothing. Whether it may still start the gatewayserver knows. */
const LOST_AFTER_MS = 3_000;

/**
 * Which leased queries are over, by what the cluster answered.
 * @param missingSince of the previous sweep; empty after an outage, as what was missing before it no longer counts
 * @param now milliseconds of a clock that never goes back
 */
export function classifyLeases(
  { ids, known, incarnation }: Observations,
  missingSince: ReadonlyMap<string, number>,
  now: number,
): LeaseClasses {
  const classes: LeaseClasses = { ended: [], restarted: [], lost: [], missingSince: new Map() };
  for (const id of ids) {
    const state = known.get(id)?.state;
    if (state === 'FINISHED' || state === 'FAILED') classes.ended.push(id);
    else if (state !== undefined) continue;
    else if (incarnation !== undefined && querySuffix(id) !== incarnation) classes.restarted.push(id);
    else {
      const since = missingSince.get(id);
      classes.missingSince.set(id, since ?? now);
      if (since !== undefined && now - since >= LOST_AFTER_MS) classes.lost.push(id);
    }
  }
  return classes;
}
