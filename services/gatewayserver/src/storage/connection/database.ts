import { AsyncLocalStorage } from 'node:async_hooks';
import type { DataSource, QueryRunner } from 'typeorm';
import { DatabaseUnavailableError } from '../contract/errors.ts';
import type { DatabaseAddress, Engine, TransactionMode } from '../engines/engine.ts';
import { bounded } from '../engines/transaction-lock.ts';
import { failureOf } from './failures.ts';
import { retryTransaction } from './retry-transaction.ts';
import { inTime, openSession, type Session } from './session.ts';

type Work<T> = (session: Session) => Promise<T>;

/** The only way to the tables. Calls made inside a transaction join it. */
export type Database = AsyncDisposable & {
  readonly engine: Engine;
  /** Statements that stand for themselves. */
  read<T>(work: Work<T>): Promise<T>;
  /** Reads that all see the database of one moment. */
  snapshot<T>(work: Work<T>): Promise<T>;
  /**
   * All or nothing. Run again from its start when the database asks for it (deadlock, lock wait, lost connection), so it
   * may only act on the session. Every transaction starts with a write, which takes the locks the rest relies on.
   */
  transaction<T>(work: Work<T>): Promise<T>;
};

// A transaction is a handful of statements: its caller has given up one that takes this many time limits.
const LIMITS_PER_TRANSACTION = 3;

/** Wraps an open data source, which is used by nobody else from now on. */
export function openDatabase(
  source: DataSource,
  { engine, transactionLock }: DatabaseAddress,
  timeLimitMs: number,
): Database {
  const { lock, release } = transactionLock();
  const admitted = bounded(lock);
  const current = new AsyncLocalStorage<{ session: Session; open: boolean }>();
  let closing: Promise<void> | undefined;

  async function once<T>(mode: TransactionMode, work: Work<T>): Promise<T> {
    const { session, runner, close } = await openSession(source, engine, timeLimitMs);
    const here = { session, open: true };
    try {
      for (const statement of engine.begin[mode]) await runner.query(statement);
      const outcome = await current.run(here, () =>
        inTime(work(session), LIMITS_PER_TRANSACTION * timeLimitMs, 'did not finish a transaction'),
      );
      here.open = false;
      if (mode !== 'plain') await commit(runner);
      return outcome;
    } catch (error) {
      here.open = false;
      if (mode !== 'plain') await rollback(engine, runner);
      throw error;
    } finally {
      await close();
    }
  }

  async function run<T>(mode: TransactionMode, work: Work<T>): Promise<T> {
    const here = current.getStore();
    if (here?.open) return work(here.session);
    return retryTransaction(() => admitted(() => once(mode, work)), timeLimitMs);
  }

  async function close(): Promise<void> {
    if (engine.embedded) await lock(() => source.destroy());
    else await inTime(source.destroy(), timeLimitMs, 'did not close its connections');
    release();
  }

  return {
    engine,
    read: (work) => run('plain', work),
    snapshot: (work) => run('snapshot', work),
    transaction: (work) => run('write', work),
    [Symbol.asyncDispose]() {
      closing ??= close();
      return closing;
    },
  };
}

// TypeORM's own startTransaction counts nesting per connection and loses count when a BEGIN or ROLLBACK fails; SQLite's
// single connection would then never commit again. So transactions begin and end by statements.

async function commit(runner: QueryRunner): Promise<void> {
  try {
    await runner.query('COMMIT');
  } catch (error) {
    // When the connection broke nobody knows whether it was committed: the caller decides whether to repeat it.
    if (failureOf(error) !== 'lost') throw error;
    throw new DatabaseUnavailableError('the connection to the database broke during a commit');
  }
}

async function rollback({ embedded }: Engine, runner: QueryRunner): Promise<void> {
  try {
    await runner.query('ROLLBACK');
  } catch (error) {
    // SQLite may have rolled back by itself, and a broken connection has. A server that refuses fails the call.
    if (!embedded && failureOf(error) === 'refused') throw error;
  }
}
