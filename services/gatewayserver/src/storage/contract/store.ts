import type {
  Backend,
  BackendOverride,
  BackendSchedule,
  BackendStatus,
  Group,
  Incarnation,
  ListQueriesRequest,
  Policy,
  Query,
  Transaction,
} from '@trino-gateway/api/gateway';

/** A backend as stored: `backend.enabled` is always set; `condition` never is. */
export type StoredBackend = { backend: Backend; draining: boolean };

/** Everything an administrator decides, read at one moment. Lists are in the order of ids. */
export type Configuration = { backends: StoredBackend[]; groups: Group[]; policies: Policy[] };

/** What the monitor found, what it read from schedules, and what operators said against it, read at one moment. */
export type Conditions = {
  statuses: BackendStatus[];
  schedules: BackendSchedule[];
  overrides: Map<string, BackendOverride>;
};

/**
 * Counters that grow with each write of their kind, on whichever replica: equal means unchanged. A later last_seen_at of
 * an incarnation alone does not count as one.
 */
export type Revisions = { configuration: number; conditions: number; incarnations: number };

/** One kind of object inside a configuration change. */
export type ObjectTable<Stored, Message> = {
  get(id: string): Promise<Stored | undefined>;
  /** In the order of ids. */
  list(): Promise<Stored[]>;
  /** Creates or replaces whole. An absent `enabled` means true for a new object and unchanged for an old one. */
  put(message: Message): Promise<Stored>;
  /** False when there was none. */
  delete(id: string): Promise<boolean>;
  /** Undefined when there is none. Enabling a backend also ends its drain. */
  setEnabled(id: string, enabled: boolean): Promise<Stored | undefined>;
};

/** What a configuration change may touch. */
export type ConfigurationChange = {
  backends: ObjectTable<StoredBackend, Backend> & { drain(id: string): Promise<StoredBackend | undefined> };
  groups: ObjectTable<Group, Group>;
  policies: ObjectTable<Policy, Policy>;
};

/**
 * What ListQueries filters by; the page token is the store's own and checked by it. Text is looked for as it is written,
 * upper and lower case apart. Pages have 100 rows when the size is 0, at most 1000.
 */
export type QueryFilter = Omit<ListQueriesRequest, '$typeName' | '$unknown'>;

/** Where a query stands in the order of history. */
export type QueryPosition = { submittedAt: number; id: string };

/** A lease, a waiter or a hold as it is stored. */
export type AdmissionEntry = {
  kind: 'lease' | 'waiter' | 'hold';
  id: string;
  /** Empty text: it is over, which others have yet to learn. */
  document: string;
};

/** What of admission was changed by others, read at one moment. */
export type AdmissionChanges = {
  /** Grows with every change. */
  version: number;
  /** Epoch milliseconds of the database's clock. */
  now: number;
  /** The revision of the configuration at that moment. */
  configuration: number;
  /** True when these are all entries there are. */
  whole: boolean;
  entries: AdmissionEntry[];
};

/** A statement or an answer of a query that waits, encrypted; what it is part of is read only when it is needed. */
export type SealedText = { id: string; part: string; sealed: Uint8Array };

/** Without a part: all of this id. */
export type Forgotten = { id: string; part?: string };

/** What a change of admission writes. */
export type AdmissionWrites = {
  /** Each once. */
  entries: readonly AdmissionEntry[];
  /** Stored unless they are there already. */
  sealed: readonly SealedText[];
  /** Sealed texts that are not needed any more. */
  forgotten: readonly Forgotten[];
};

/** The page token was not one of ours. */
export class BadPageTokenError extends Error {
  override readonly name = 'BadPageTokenError';
}

/** The database cannot be reached, does not answer in time or cannot take writes now; trying later may help. */
export class DatabaseUnavailableError extends Error {
  override readonly name = 'DatabaseUnavailableError';
}

/**
 * The one storage seam: the same promises on SQLite, MySQL, MariaDB and PostgreSQL. Every call ends within a few time
 * limits of its options, by DatabaseUnavailableError when the database does not answer; a database that comes back is
 * used again without further ado. No error carries a statement or its values.
 */
export type Store = AsyncDisposable & {
  /** Answers when the database does. */
  ping(): Promise<void>;
  revisions(): Promise<Revisions>;
  configuration(): Promise<{ revision: number } & Configuration>;
  conditions(): Promise<{ revision: number } & Conditions>;
  incarnations(): Promise<{ revision: number; incarnations: Incarnation[] }>;

  /**
   * Runs a change in one transaction. All changes of all replicas run one after the other, so what `work` reads cannot
   * change under it. A throw undoes everything, the revision included, and comes out as it is. After a deadlock or a lost
   * connection `work` runs again from its start: it may act on nothing but the change. Other calls of the store made
   * inside `work` belong to the same transaction.
   */
  changeConfiguration<T>(work: (change: ConfigurationChange) => Promise<T>): Promise<T>;

  /**
   * Encrypts the secrets that are stored in clear, or under a key that is not the first. Answers the backends whose secrets
   * stay in clear, for want of a key, and those whose secrets no key opens.
   */
  protectSecrets(): Promise<{ clear: string[]; unreadable: string[] }>;

  /**
   * Replaces the monitor's finding about its backend. An older observation than the stored one changes nothing, nor does
   * one of a backend that is not there.
   */
  putStatus(status: BackendStatus): Promise<void>;
  /** What the monitor read from the schedule of its backend; as with putStatus, an older one changes nothing. */
  putSchedule(schedule: BackendSchedule): Promise<void>;
  /**
   * Fills in the parts that are set (a value together with its expiry, the reason); the others stay. Nothing happens for a
   * backend that is not there.
   */
  putOverride(backendId: string, override: BackendOverride): Promise<void>;

  /** Stores or refreshes one life of a coordinator (key: suffix and url). */
  recordIncarnation(incarnation: Incarnation): Promise<void>;
  /** Pushes last_seen_at of these suffixes to `at`. */
  touchIncarnations(suffixes: readonly string[], at: Date): Promise<void>;
  /** Forgets those last seen before. */
  pruneIncarnations(before: Date): Promise<void>;

  /** Stores who holds an open transaction, opened at this time; the first word about an id holds. */
  recordTransaction(transaction: Transaction, startedAt: Date): Promise<void>;
  findTransaction(id: string): Promise<Transaction | undefined>;
  /** Nothing happens when it is not known. */
  endTransaction(id: string): Promise<void>;
  /** Forgets those opened before. */
  pruneTransactions(before: Date): Promise<void>;

  /** 32 random bytes, drawn once for the whole suite, whoever asks first. */
  refusalKey(): Promise<Uint8Array>;

  /**
   * Fills or completes history rows by id, all or nothing. What a report leaves empty keeps its stored value, a final
   * state is never undone, and repeating or reordering reports changes nothing. Where reports contradict each other the
   * further state (FAILED over FINISHED), the earlier start, the larger text or number, the longer error holds. A report of an id that nobody
   * submitted makes a row. Kept: texts up to 1,000,000 characters, user, source and decided_by up to 256.
   */
  recordQueries(queries: readonly Query[]): Promise<void>;
  /**
   * The same for reports of those who saw a query run, not who submitted it: completes the rows that have their Trino ids,
   * except for when they were submitted. Answers the reports whose query no row is about.
   */
  completeQueries(reports: readonly Query[]): Promise<Query[]>;
  /** By id, else by Trino id. */
  getQuery(id: string): Promise<Query | undefined>;
  /** Ordered by submitted_at and id. @throws BadPageTokenError */
  listQueries(filter: QueryFilter): Promise<{ queries: Query[]; nextPageToken: string }>;
  /** The position of the query that `count` others lie between it and the given one (or the newest); undefined at the end. */
  queryBehind(position: QueryPosition | undefined, count: number): Promise<QueryPosition | undefined>;
  /** Deletes history up to and including a position, oldest first, at most `most` rows. @returns how many it were */
  purgeQueries(upTo: QueryPosition, most: number): Promise<number>;

  /**
   * What of admission was changed after a version, or all there is; undefined when nothing was. A version is only good for
   * some minutes: afterwards what is over has been deleted. One that a restored database has not reached yet counts as none.
   */
  admissionChanges(since: number | undefined): Promise<AdmissionChanges | undefined>;
  /**
   * Runs a change of admission in one transaction. All changes of all replicas run one after the other. `work` gets what
   * others have changed since the version given (all there is when undefined) and answers what is written; after a
   * deadlock or a lost connection it runs again. @returns the version that is in force then
   */
  changeAdmission(since: number | undefined, work: (changes: AdmissionChanges) => AdmissionWrites): Promise<number>;
  /** Keeps a sealed text of who waits; the first of its part holds. */
  putSealed(text: SealedText): Promise<void>;
  getSealed(queryId: string, part: string): Promise<Uint8Array | undefined>;
  /** Deletes entries that were over for `ms`, and sealed texts as old that belong to nobody who waits. */
  pruneAdmission(ms: number): Promise<void>;

  /**
   * Takes or prolongs what only one of the replicas may do, for `ms` from now on by the database's clock. False while
   * another holder has it.
   */
  holdDuty(name: string, holder: string, ms: number): Promise<boolean>;
  /** Gives it back early; nothing happens when it is another's. */
  endDuty(name: string, holder: string): Promise<void>;
};
