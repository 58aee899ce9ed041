import { CLOCK_MS, type Evidence, type Listed } from './evidence.ts';
import { queryTies, slotTies } from './queries.ts';
import { routerTies } from './routers.ts';
import { gathered, type Remaining, type Tie } from './tie.ts';
import { transactionTies } from './transactions.ts';

/** What ties an incarnation, and since when nothing but the cluster's word is missing. */
export type Assessment = {
  /** Nothing: it is drained. */
  remaining: Remaining[];
  quietSince: number | undefined;
};

/**
 * What still ties an incarnation that takes no new queries. Nothing does only where everybody who may know of something has said so
 * since: all routers, which from then on send nothing there; after them the cluster itself.
 * @param quietSince of the last assessment
 */
export function assessDrain(evidence: Evidence, quietSince: number | undefined): Assessment {
  const ties = [
    ...queryTies(evidence),
    ...transactionTies(evidence),
    ...slotTies(evidence),
    ...routerTies(evidence),
    ...clusterTies(evidence),
  ];
  if (ties.length > 0)
    return { remaining: gathered(ties), quietSince: isQuiet(evidence) ? (quietSince ?? evidence.now) : undefined };
  const since = quietSince ?? evidence.now;
  const isSaidSince = (evidence.cluster?.askedAt ?? 0) >= since + CLOCK_MS;
  const last: Tie = {
    kind: 'UNKNOWN',
    text: 'the cluster is asked once more, as nobody else knows of anything any more',
  };
  return { remaining: isSaidSince ? [] : gathered([last]), quietSince: since };
}

/** Nothing is left but what the cluster may say. */
function isQuiet(evidence: Evidence): boolean {
  const cluster = undefined;
  const withoutIt = { ...evidence, cluster };
  return [...queryTies(withoutIt), ...slotTies(evidence), ...routerTies(evidence)].length === 0;
}

/** How old the last answer of a cluster may be. */
const OLDEST_ANSWER_MS = 60_000;

/** What is not known because the cluster does not say it. */
function clusterTies({ cluster, incarnation, begunAt, now }: Evidence): Tie[] {
  const unknown = (text: string): Tie[] => [{ kind: 'UNKNOWN', text }];
  if (cluster === undefined || cluster.askedAt < begunAt + CLOCK_MS)
    return unknown('the cluster has not been asked yet what it has');
  if (now - cluster.askedAt > OLDEST_ANSWER_MS)
    return unknown(
      `the monitor last asked the cluster what it has ${Math.round((now - cluster.askedAt) / 1_000)} s ago`,
    );
  const problems = [problemOf('queries', cluster.queries), problemOf('transactions', cluster.transactions)];
  const said = problems.flatMap((problem) => (problem === undefined ? [] : unknown(problem)));
  if (said.length > 0) return said;
  if (cluster.suffix === incarnation.suffix) return [];
  return unknown(`another incarnation answered (${cluster.suffix || 'unknown'} instead of ${incarnation.suffix})`);
}

function problemOf(what: string, listed: Listed): string | undefined {
  return listed.known ? undefined : `the ${what} of the cluster are not known: ${listed.problem}`;
}
