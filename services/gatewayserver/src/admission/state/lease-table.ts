import type { Lease } from './lease.ts';

/** What can be read of the leases. */
export type LeaseReads = {
  lease(id: string): Lease | undefined;
  /** The lease of a query, by the id that the cluster gave it. */
  leaseOfQuery(queryId: string): Lease | undefined;
  leases(): Iterable<Lease>;
  /** TAKEN, HANDED_OUT and RUNNING: those that count against limits. */
  countedLeases(): IteratorObject<Lease>;
  /** LAPSED and SETTLED, in the order in which they became so. */
  pastLeases(): Iterable<Lease>;
  pastLeaseCount(): number;
  /** Expired leases whose clients have asked for a slot since, oldest first. */
  reserved(): readonly Lease[];
  /** Leases that count: of a backend, of a backend within a group, of a user within a group. */
  onBackend(backendId: string): number;
  inGroupOnBackend(groupId: string, backendId: string): number;
  ofUser(groupId: string, user: string): number;
};

/** All leases, with the counts that limits are compared with. */
export type LeaseTable = {
  readonly reads: LeaseReads;
  set(lease: Lease): void;
  remove(id: string): void;
};

/** An empty one. */
export function createLeaseTable(): LeaseTable {
  const counted = new Map<string, Lease>();
  const past = new Map<string, Lease>();
  const reserved = new Map<string, Lease>();
  const byQuery = new Map<string, string>();
  const counts = createLeaseCounts();
  const find = (id: string) => counted.get(id) ?? past.get(id);
  const remove = (id: string) => {
    const lease = find(id);
    if (!lease) return;
    if (counted.delete(id)) counts.add(lease, -1);
    past.delete(id);
    reserved.delete(id);
    if (byQuery.get(lease.queryId) === id) byQuery.delete(lease.queryId);
  };
  const set = (lease: Lease) => {
    remove(lease.id);
    if (isPast(lease)) past.set(lease.id, lease);
    else {
      counted.set(lease.id, lease);
      counts.add(lease, 1);
    }
    if (lease.phase === 'LAPSED' && lease.wantedUntil !== undefined) reserved.set(lease.id, lease);
    if (lease.queryId !== '') byQuery.set(lease.queryId, lease.id);
  };
  const reads: LeaseReads = {
    lease: find,
    leaseOfQuery: (queryId) => find(byQuery.get(queryId) ?? ''),
    leases: () => [counted, past].values().flatMap((leases) => leases.values()),
    countedLeases: () => counted.values(),
    pastLeases: () => past.values(),
    pastLeaseCount: () => past.size,
    reserved: () => (reserved.size === 0 ? [] : [...reserved.values()].sort((a, b) => a.takenAt - b.takenAt)),
    onBackend: counts.onBackend,
    inGroupOnBackend: counts.inGroupOnBackend,
    ofUser: counts.ofUser,
  };
  return { reads, set, remove };
}

function isPast({ phase }: Lease): boolean {
  return phase === 'LAPSED' || phase === 'SETTLED';
}

function createLeaseCounts(): Pick<LeaseReads, 'onBackend' | 'inGroupOnBackend' | 'ofUser'> & {
  add(lease: Lease, by: 1 | -1): void;
} {
  const counts = new Map<string, number>();
  const count = (key: string, by: 1 | -1) => {
    const value = (counts.get(key) ?? 0) + by;
    if (value === 0) counts.delete(key);
    else counts.set(key, value);
  };
  return {
    add: ({ backendId, groupId, user }, by) => {
      count(`backend ${backendId}`, by);
      count(`member ${groupId} ${backendId}`, by);
      count(`user ${groupId} ${user}`, by);
    },
    onBackend: (backendId) => counts.get(`backend ${backendId}`) ?? 0,
    inGroupOnBackend: (groupId, backendId) => counts.get(`member ${groupId} ${backendId}`) ?? 0,
    ofUser: (groupId, user) => counts.get(`user ${groupId} ${user}`) ?? 0,
  };
}
