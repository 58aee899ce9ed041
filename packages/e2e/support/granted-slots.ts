import { openDataSource } from '@trino-gateway/gatewayserver/storage/data-source';
import { parseDatabaseUrl } from '@trino-gateway/gatewayserver/storage/database-url';

/** A query that came to a limited group: when, and when it was given its slot, in milliseconds of the database's clock. */
export type GrantedSlot = {
  /** The id its client saw first; the submission's where it did not wait. */
  id: string;
  /** Among those that waited: larger for later arrivals. Undefined for one that found a slot at once. */
  place: number | undefined;
  arrivedAt: number;
  grantedAt: number;
  /** Trino's id. */
  queryId: string;
};

type Stored = { kind: string; document: string };
type Lease = { id: string; user: string; takenAt: number; queryId: string };
type Waiter = { id: string; user: string; submissionId: string; place: number; queuedAt: number };

/** What the database remembers of the queries of a user that were given a slot. It does so for minutes. */
export async function grantedSlots(databaseUrl: string, user: string): Promise<GrantedSlot[]> {
  const source = await openDataSource(parseDatabaseUrl(databaseUrl), { poolSize: 1, timeLimitMs: 60_000 });
  try {
    const rows: Stored[] = await source.query("SELECT kind, document FROM admission_entries WHERE document <> ''");
    const of = <Thing extends { user: string }>(wanted: string) =>
      rows
        .filter(({ kind }) => kind === wanted)
        .map(({ document }) => JSON.parse(document) as Thing)
        .filter((thing) => thing.user === user);
    const waiters = new Map(of<Waiter>('waiter').map((waiter) => [waiter.submissionId, waiter]));
    return of<Lease>('lease').map(({ id, takenAt, queryId }) => {
      const waiter = waiters.get(id);
      return { id, place: waiter?.place, arrivedAt: waiter?.queuedAt ?? takenAt, grantedAt: takenAt, queryId };
    });
  } finally {
    await source.destroy();
  }
}
