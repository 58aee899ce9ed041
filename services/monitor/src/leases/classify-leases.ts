import { querySuffix } from '@trino-gateway/trino';
import type { Sightings } from '../clusters/observe-queries.ts';

/** What one answer of a cluster says about leased queries. */
export type Judgement = {
  /** The cluster says that they have ended. */
  ended: string[];
  /** They belong to a life of the coordinator that is over. */
  restarted: string[];
  /** The same life did not know them at two looks in a row. */
  lost: string[];
  /** When each that is not known now was not known for the first time in a row. */
  missingSince: Map<string, number>;
};

/** One look at which a query was missing proves nothing. What several prove the gatewayserver knows: since when it may run. */
const MISSED_FOR_MS = 3_000;

/**
 * Which leased queries are over, by what the cluster answered.
 * @param missingSince of the look before; empty after an outage: what was missed before it counts no more
 * @param now milliseconds of a clock that never goes back
 */
export function judgeLeases(
  { ids, seen, life }: Sightings,
  missingSince: ReadonlyMap<string, number>,
  now: number,
): Judgement {
  const judgement: Judgement = { ended: [], restarted: [], lost: [], missingSince: new Map() };
  for (const id of ids) {
    const state = seen.get(id)?.state;
    if (state === 'FINISHED' || state === 'FAILED') judgement.ended.push(id);
    else if (state !== undefined) continue;
    else if (life !== undefined && querySuffix(id) !== life) judgement.restarted.push(id);
    else {
      const since = missingSince.get(id);
      judgement.missingSince.set(id, since ?? now);
      if (since !== undefined && now - since >= MISSED_FOR_MS) judgement.lost.push(id);
    }
  }
  return judgement;
}
