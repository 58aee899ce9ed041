import { DatabaseUnavailableError } from './errors.ts';

/** A backend that takes no new queries, and of which somebody asks whether it is drained. */
export type StoredDrain = {
  backendId: string;
  /** Of the incarnation that this is about. */
  suffix: string;
  /** Where that is reached. */
  url: string;
  /** The revision of drains with which it began. */
  revision: number;
  /** Epoch milliseconds of the database's clock. */
  begunAt: number;
};

/** An incarnation to which nothing new is sent. Stored as an entry of admission, so that no lease is taken beside it. */
export type StoredSeal = {
  suffix: string;
  backendId: string;
  url: string;
  /** The revision of the drain that it ends. */
  drain: number;
  /** Epoch milliseconds of the database's clock. */
  sealedAt: number;
  /** Since when it is said to be drained; absent while that is not proven. */
  provenAt?: number;
};

/** The drain that a seal was to end is over: its backend takes queries again. Nothing was stored; what else was to be may be repeated. */
export class DrainEndedError extends DatabaseUnavailableError {}

/** What one router last told of drains, as JSON. */
export type StoredReport = {
  routerId: string;
  /** Grows with each report of a router: an older one that arrives late is dropped. */
  number: number;
  document: string;
};

/** Drains that are asked about, sealed incarnations, and what routers tell of them. */
export type DrainStore = {
  /** All drains and seals, read at one moment. */
  read(): Promise<{ revision: number; drains: StoredDrain[]; seals: StoredSeal[] }>;
  /**
   * The drain of a backend that takes no new queries: begins it, or answers the one there is, when that is about the same
   * incarnation, and notes that it was asked for. It ends when the backend takes queries again. Undefined when it does, or does
   * not exist.
   */
  begin(drain: Pick<StoredDrain, 'backendId' | 'suffix' | 'url'>): Promise<StoredDrain | undefined>;
  /** Nothing happens when another one has begun since. */
  end(drain: Pick<StoredDrain, 'backendId' | 'revision'>): Promise<void>;
  /** Ends those that nobody has asked for, for `ms`. */
  endUnasked(ms: number): Promise<void>;
  report(report: StoredReport): Promise<void>;
  /** What all routers last told. Times are epoch milliseconds of the database's clock. */
  reports(): Promise<{ now: number; reports: (StoredReport & { reportedAt: number })[] }>;
  /** Forgets routers that have reported nothing for `ms`. */
  prune(ms: number): Promise<void>;
};
