import type { Backend, Group, Policy } from '@trino-gateway/api/gateway';

/** A backend as stored: `backend.enabled` is always set; `condition` never is. */
export type StoredBackend = { backend: Backend; draining: boolean };

/** Everything an administrator decides, read at one moment. Lists are in the order of ids. */
export type Configuration = { backends: StoredBackend[]; groups: Group[]; policies: Policy[] };

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
  groups: ObjectTable<Group, Group>;
  policies: ObjectTable<Policy, Policy>;
};

/** Backends, groups and policies: what administrators decide. */
export type ConfigurationStore = {
  read(): Promise<{ revision: number } & Configuration>;
  /**
   * Runs a change in one transaction. All changes of all replicas run one after the other, so what `work` reads cannot
   * change meanwhile. A throw undoes everything, the revision included, and is passed on as it is. After a deadlock or a lost
   * connection `work` runs again from its start: it may act on nothing but the change. Other calls of the store made
   * inside `work` belong to the same transaction.
   */
  change<T>(work: (change: ConfigurationChange) => Promise<T>): Promise<T>;
  /**
   * Encrypts the secrets that are stored in clear, or under a key that is not the first. Answers the backends whose secrets
   * stay in clear, for want of a key, and those whose secrets no key opens.
   */
  protectSecrets(): Promise<{ clear: string[]; unreadable: string[] }>;
};
