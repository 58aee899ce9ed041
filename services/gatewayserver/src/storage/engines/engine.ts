import type { DataSourceOptions, QueryRunner } from 'typeorm';
import type { ColumnTypes } from './columns.ts';
import type { Dialect } from './dialect.ts';
import type { DatabaseTls } from './server.ts';
import type { HeldLock } from './transaction-lock.ts';

/** How many connections, and how long one may take to come about. */
export type ConnectionLimits = { poolSize: number; timeLimitMs: number };

/** Statements for themselves, reads of one moment, or a transaction that writes. */
export type TransactionMode = 'plain' | 'snapshot' | 'write';

/**
 * What a failure of the database means for the one who asked: `contention` is gone when the transaction is run again,
 * `lost` means that the connection broke, `unavailable` that it cannot serve now, `refused` that it will not serve this.
 */
export type Failure = 'contention' | 'lost' | 'unavailable' | 'refused';

/** What a driver says of a failure: its own code, or else the number of one; empty when there is none. */
export type DriverError = { code: string; message: string; fatal: boolean };

/** Where a database is, and how its engine gets there. */
export type EngineAddress = {
  /** Exists in memory only: created and migrated at each start. */
  readonly inMemory: boolean;
  /** What TypeORM needs to connect. */
  options(limits: ConnectionLimits): DataSourceOptions;
  /** The lock under which a store runs its transactions there. */
  transactionLock(): HeldLock;
  /** The files on this machine that hold it; absent where there are none. */
  readonly files?: {
    /** Makes them, where there are none, readable by their owner alone. */
    makePrivate(): Promise<void>;
    /** Those that others can read all the same. */
    openToOthers(): Promise<string[]>;
  };
};

/** Lets one process at a time migrate a database. */
export type MigrationLock = {
  /** Whether the migrations are a transaction; `none` also where the lock is one. */
  readonly transaction: 'all' | 'none';
  /** False while another process has it. */
  take(runner: QueryRunner): Promise<boolean>;
  release(runner: QueryRunner, outcome: 'done' | 'failed'): Promise<void>;
};

/** One kind of database behind the store: everything that it does in a way of its own. */
export type Engine = {
  readonly name: string;
  /** The schemes of URLs that lead to it, with their colons. */
  readonly schemes: readonly string[];
  /** What such a URL looks like. */
  readonly example: string;
  /** What TypeORM calls it. */
  readonly driver: DataSourceOptions['type'];
  /**
   * @param tls files that are set beside the URL
   * @throws Error that says what is wrong without repeating the URL, which may hold a password
   */
  addressOf(url: string, tls?: DatabaseTls): EngineAddress;
  /** Runs in this process, on one connection: there is no server that could be silent or go away. */
  readonly embedded: boolean;
  readonly columns: ColumnTypes;
  readonly dialect: Dialect;
  /**
   * Runs a statement once for each list of values, prepared once; absent where a statement for many rows at once is cheaper. The
   * connection is the driver's own.
   */
  readonly runEach?: (connection: unknown, sql: string, rows: readonly (readonly unknown[])[]) => void;
  /** The statements that begin a transaction. */
  readonly begin: Record<TransactionMode, readonly string[]>;
  /** The statements that prepare a new connection. */
  sessionSettings(timeLimitMs: number): string[];
  /** What the errors of its driver mean; undefined for those of others. */
  failureOf(error: DriverError): Failure | undefined;
  readonly migrationLock: MigrationLock;
  /** The statements after which its log holds nothing of a secret that was replaced. */
  readonly clearLog: readonly string[];
};

/** What a database URL says. */
export type DatabaseAddress = EngineAddress & { readonly engine: Engine };
