/**
 * Counters that grow with each write of their kind, on whichever replica: equal means unchanged. A later last_seen_at of
 * an incarnation alone does not count as one.
 */
export type Revisions = { configuration: number; conditions: number; incarnations: number; drains: number };

/** The counters, by which replicas see what they have to read again. */
export type RevisionStore = { read(): Promise<Revisions> };
