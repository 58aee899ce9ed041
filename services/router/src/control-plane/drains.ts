import type { MessageInitShape } from '@bufbuild/protobuf';
import type { DrainReportSchema, SnapshotBackend, WatchSnapshotResponse } from '@trino-gateway/api/gateway';
import type { IncarnationQueries } from './known-queries.ts';

/** What a snapshot says of drains; the signing key is that of the suite's database. */
export type DrainsOfSnapshot = Pick<WatchSnapshotResponse, 'drains' | 'sealedSuffixes' | 'drainsRevision'> &
  Partial<Pick<WatchSnapshotResponse, 'refusalKey'>>;

/** What this router must not send any more, and what it has under way. */
export type RouterDrains = {
  /** Takes over what a snapshot says of drains; one that is older than what is known says nothing. */
  replace(snapshot: DrainsOfSnapshot): void;
  /** A decision for this backend was made before its drain was known to whoever made it: nothing may be sent there for it. */
  isStale(backendId: string, decidedAt: bigint): boolean;
  /** Nothing new may be sent to the incarnation that this backend has now, nor to the one that a query belongs to. */
  isSealed(backend: Pick<SnapshotBackend, 'coordinatorId'> | undefined, querySuffix?: string): boolean;
  /**
   * A statement is about to be posted to a backend: under way until it is over. To be called without a pause after the checks above,
   * since what is told afterwards holds for good.
   */
  attempting(submissionId: string, backendId: string): void;
  /** It was handed over and is known by its query, or was given up. */
  over(submissionId: string): void;
  /** Gives the transactions that were used lately at an address. */
  watchTransactions(usedAt: (backendId: string) => string[]): void;
  /** Whether somebody asks about a drain. */
  any(): boolean;
  /** The revision in force, and what is known of each drain. */
  told(): { drainsRevision: bigint; drains: MessageInitShape<typeof DrainReportSchema>[] };
};

/** No drains. @param queriesOf what is known of the queries of an incarnation */
export function createRouterDrains(queriesOf: (suffix: string) => IncarnationQueries): RouterDrains {
  let known: DrainsOfSnapshot = { drains: [], sealedSuffixes: [], drainsRevision: 0n };
  let begun = new Map<string, bigint>();
  let sealed = new Set<string>();
  let transactionsOf: (backendId: string) => string[] = () => [];
  const underWay = new Map<string, string>();
  return {
    replace: (snapshot) => {
      // Replicas of the gatewayserver differ for a moment: what was promised once is not taken back. Another database counts anew.
      if (snapshot.drainsRevision < known.drainsRevision && isSameDatabase(snapshot, known)) return;
      known = snapshot;
      begun = new Map(snapshot.drains.map(({ backendId, revision }) => [backendId, revision]));
      sealed = new Set(snapshot.sealedSuffixes);
    },
    isStale: (backendId, decidedAt) => decidedAt < (begun.get(backendId) ?? 0n),
    isSealed: (backend, querySuffix = '') => sealed.has(backend?.coordinatorId ?? '') || sealed.has(querySuffix),
    attempting: (submissionId, backendId) => void underWay.set(submissionId, backendId),
    over: (submissionId) => void underWay.delete(submissionId),
    watchTransactions: (usedAt) => {
      transactionsOf = usedAt;
    },
    any: () => known.drains.length > 0,
    told: () => {
      const under = new Map<string, number>();
      if (known.drains.length > 0)
        for (const backendId of underWay.values()) under.set(backendId, (under.get(backendId) ?? 0) + 1);
      return {
        drainsRevision: known.drainsRevision,
        drains: known.drains.map(({ backendId, coordinatorId }) => ({
          ...{ backendId, coordinatorId, underWay: under.get(backendId) ?? 0 },
          ...queriesOf(coordinatorId),
          transactionIds: transactionsOf(backendId),
        })),
      };
    },
  };
}

function isSameDatabase(
  { refusalKey: one = NO_KEY }: DrainsOfSnapshot,
  { refusalKey: other = NO_KEY }: DrainsOfSnapshot,
) {
  return Buffer.compare(one, other) === 0;
}

const NO_KEY = new Uint8Array();
