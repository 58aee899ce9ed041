import type {
  Backend,
  DiscoverySource,
  Group,
  Policy,
  RoutingChain,
  RoutingChainVersion,
} from '@trino-gateway/api/gateway';

/** A backend as stored: `backend.enabled` is always set; `condition` never is. */
export type StoredBackend = { backend: Backend; draining: boolean };

/** Everything an administrator decides, read at one moment. Lists are in the order of ids. */
export type Configuration = {
  backends: StoredBackend[];
  groups: Group[];
  policies: Policy[];
  /** The newest version; absent while none is stored. */
  routingChain?: RoutingChain;
  /** What was discovered, by its sources, in the order of their names. */
  discovered: DiscoverySource[];
};

/** What was discovered, inside one transaction. */
export type DiscoveryTable = {
  /** In the order of their names. */
  sources(): Promise<DiscoverySource[]>;
  /** Creates or replaces whole, by its name. */
  putSource(source: DiscoverySource): Promise<void>;
  deleteSource(name: string): Promise<void>;
  /** The discovered members of each group, in the order of their ids. */
  members(): Promise<Map<string, string[]>>;
  /** The groups that a backend is a discovered member of, instead of those before. It ends with the backend. */
  setMember(backendId: string, groupIds: readonly string[]): Promise<void>;
};

/** The versions of the routing chain, inside one transaction. All they answer has version, stored_at and managed_by set. */
export type ChainVersions = {
  /** The one in force; undefined while none is stored. */
  newest(): Promise<RoutingChain | undefined>;
  /** Undefined when it is not kept. */
  get(version: number): Promise<RoutingChain | undefined>;
  /**
   * Stores a chain under the next number: its own version and time do not count. The oldest versions go, so that 100 are kept.
   * @param rolledBackTo the version whose content it repeats
   */
  add(chain: RoutingChain, rolledBackTo?: number): Promise<RoutingChain>;
};

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

/** The tables of objects, inside one transaction. */
export type ConfigurationChange = {
  backends: ObjectTable<StoredBackend, Backend> & { drain(id: string): Promise<StoredBackend | undefined> };
  /** Answers have discovered members among backend_ids, after the others; in a put those do not count. */
  groups: ObjectTable<Group, Group>;
  discovery: DiscoveryTable;
  policies: ObjectTable<Policy, Policy>;
  routingChain: ChainVersions;
};

/** Backends, groups, policies and the routing chain: what administrators decide. */
export type ConfigurationStore = {
  read(): Promise<{ revision: number } & Configuration>;
  /**
   * Runs a change in one transaction. All changes of all replicas run one after the other, so what `work` reads cannot
   * change meanwhile. A throw undoes everything, the revision included, and is passed on as it is. After a deadlock or a lost
   * connection `work` runs again from its start: it may act on nothing but the change. Other calls of the store made
   * inside `work` belong to the same transaction.
   */
  change<T>(work: (change: ConfigurationChange) => Promise<T>): Promise<T>;
  /** One version of the routing chain; undefined when it is not kept. */
  chainVersion(version: number): Promise<RoutingChain | undefined>;
  /** Those that are kept, newest first. */
  chainVersions(): Promise<RoutingChainVersion[]>;
  /**
   * Encrypts the secrets that are stored in clear, or under a key that is not the first. Answers whose secrets stay in clear, for
   * want of a key, and whose secrets no key opens: `backend a`, `routing chain version 3`.
   */
  protectSecrets(): Promise<{ clear: string[]; unreadable: string[] }>;
};
