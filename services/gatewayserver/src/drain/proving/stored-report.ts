import type { ReportLiveQueriesRequest } from '@trino-gateway/api/gateway';
import type { StoredReport } from '../../storage/contract/drains.ts';
import type { Incarnation, RouterKnowledge, RouterReport } from '../evidence.ts';

/** What is stored of a report, as JSON. */
type Document = {
  /** Absent from routers of earlier versions. */
  revision?: number;
  left?: true;
  /** Live queries by backend. */
  counts: Record<string, number>;
  drains: Told[];
};

type Told = {
  backendId: string;
  suffix: string;
  underWay: number;
  live: number;
  queries: { id: string; silentMs: number; polled: boolean; direct: boolean }[];
  ended: string[];
  transactions: string[];
};

const MOST_DRAINS = 1_000;
const MOST_QUERIES = 100;
const MOST_ENDED = 1_000;
const MOST_TRANSACTIONS = 100;
const ID_LENGTH = 128;

const shortIds = (ids: readonly string[], most: number) => ids.slice(0, most).map((id) => id.slice(0, ID_LENGTH));

/** A router's report as it is stored. */
export function storedReport({ routerId, number, ...report }: ReportLiveQueriesRequest): StoredReport {
  const { counts, drains, drainsRevision, leaving } = report;
  const document: Document = {
    ...(number > 0n && { revision: Number(drainsRevision) }),
    ...(leaving && { left: true }),
    counts: Object.fromEntries(counts.slice(0, MOST_DRAINS).map(({ backendId, live }) => [backendId, live])),
    drains: drains.slice(0, MOST_DRAINS).map((told) => ({
      backendId: told.backendId,
      suffix: told.coordinatorId,
      underWay: told.underWay,
      live: told.live,
      queries: told.queries.slice(0, MOST_QUERIES).map(({ id, silentMs, polled, direct }) => ({
        ...{ id: id.slice(0, ID_LENGTH), silentMs, polled, direct },
      })),
      ended: shortIds(told.endedQueryIds, MOST_ENDED),
      transactions: shortIds(told.transactionIds, MOST_TRANSACTIONS),
    })),
  };
  // A router of an earlier version numbers nothing: its reports are in the order in which they come.
  return { routerId, number: number > 0n ? Number(number) : Date.now(), document: JSON.stringify(document) };
}

/** What a stored report says of one incarnation. */
export function reportOf(
  { routerId, document, reportedAt }: StoredReport & { reportedAt: number },
  { backendId, suffix }: Incarnation,
): RouterReport {
  const { revision, left = false, counts, drains } = JSON.parse(document) as Document;
  const told = drains.find((one) => one.backendId === backendId && one.suffix === suffix);
  return {
    ...{ routerId, reportedAt, left, revision },
    live: counts[backendId] ?? 0,
    told: told && knowledgeOf(told, reportedAt),
  };
}

function knowledgeOf({ underWay, live, queries, ended, transactions }: Told, reportedAt: number): RouterKnowledge {
  return {
    underWay,
    live,
    queries: queries.map(({ id, silentMs, polled, direct }) => ({ id, seenAt: reportedAt - silentMs, polled, direct })),
    endedQueryIds: ended,
    transactionIds: transactions,
  };
}
