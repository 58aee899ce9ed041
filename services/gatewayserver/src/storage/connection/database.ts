import { AsyncLocalStorage } from 'node:async_hooks';
import { resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { DataSource, QueryRunner } from 'typeorm';
import { DatabaseUnavailableError } from '../contract/errors.ts';
import { MEMORY } from '../engines/database-url.ts';
import { type Engine, engineOf } from '../engines/engine.ts';
import { bounded, type Gate, gateOfFile, oneAtATime, wideOpen } from '../engines/transaction-lock.ts';
import { failureOf, withoutStatement } from './failures.ts';
import { inTime, openSession, type Session } from './session.ts';

/** The only way to the tables. Calls made inside a transaction join it. */
export type Database = AsyncDisposable & {
  readonly engine: Engine;
  /** Statements that stand for themselves. */
  read<T>(work: (session: Session) => Promise<T>): Promise<T>;
  /** Reads that all see the database of one moment. */
  snapshot<T>(work: (session: Session) => Promise<T>): Promise<T>;
  /**
   * All or nothing. Run again from its start when the database asks for it (deadlock, lock wait, lost connection), so it
   * may only act on the session. Every transaction starts with a write, which takes the locks the rest relies on.
   */
  transaction<T>(work: (session: Session) => Promise<T>): Promise<T>;
};

type Mode = 'plain' | 'snapshot' | 'write';

// A transaction is a handful of statements: one that takes this many time limits has lost its caller.
const LIMITS_PER_TRANSACTION = 3;
const MOST_RECONNECTS = 2;
const LONGEST_PAUSE_MS = 50;

/** Wraps an open data source, which nobody else uses from here on. */
export function openDatabase(source: DataSource, timeLimitMs: number): Database {
  const engine = engineOf(source);
  const { gate: order, giveBack } = orderOf(source);
  const gate = bounded(order);
  let closing: Promise<void> | undefined;
  const current = new AsyncLocalStorage<{ session: Session; open: boolean }>();

  async function once<T>(mode: Mode, work: (session: Session) => Promise<T>): Promise<T> {
    const { session, runner, close } = await openSession(source, timeLimitMs);
    const here = { session, open: true };
    try {
      for (const statement of BEGIN[engine][mode]) await runner.query(statement);
      const outcome = await current.run(here, () =>
        inTime(work(session), LIMITS_PER_TRANSACTION * timeLimitMs, 'transaction was not done'),
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

  async function run<T>(mode: Mode, work: (session: Session) => Promise<T>): Promise<T> {
    const here = current.getStore();
    if (here?.open) return work(here.session);
    let deadline = Number.POSITIVE_INFINITY;
    for (let attempt = 1; ; attempt++) {
      try {
        return await gate(() => once(mode, work));
      } catch (error) {
        const failure = failureOf(error);
        const again = failure === 'contention' || (failure === 'lost' && attempt <= MOST_RECONNECTS);
        if (!again || Date.now() >= deadline) throw withoutStatement(error);
        // From the first failure on: the wait for one's turn before it is none of the database's doing.
        deadline = Math.min(deadline, Date.now() + timeLimitMs);
      }
      await sleep(Math.random() * Math.min(LONGEST_PAUSE_MS, 2 ** attempt));
    }
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

  async function close(): Promise<void> {
    if (engine === 'sqlite') await order(() => source.destroy());
    else await inTime(source.destroy(), timeLimitMs, 'connections did not close');
    giveBack();
  }
}

function orderOf(source: DataSource): { gate: Gate; giveBack(): void } {
  const { options } = source;
  if (options.type !== 'better-sqlite3') return { gate: wideOpen, giveBack() {} };
  if (options.database === MEMORY) return { gate: oneAtATime(), giveBack() {} };
  return gateOfFile(resolve(options.database));
}

// TypeORM's own startTransaction counts nesting per connection and loses count when a BEGIN or ROLLBACK fails; SQLite's
// single connection would then never commit again. Sessions of MySQL and MariaDB are READ COMMITTED (session.ts).
const BEGIN: Record<Engine, Record<Mode, string[]>> = {
  sqlite: { plain: [], snapshot: ['BEGIN'], write: ['BEGIN IMMEDIATE'] },
  mysql: {
    plain: [],
    snapshot: ['SET TRANSACTION ISOLATION LEVEL REPEATABLE READ', 'START TRANSACTION READ ONLY'],
    write: ['START TRANSACTION'],
  },
  mariadb: {
    plain: [],
    snapshot: ['SET TRANSACTION ISOLATION LEVEL REPEATABLE READ', 'START TRANSACTION READ ONLY'],
    write: ['START TRANSACTION'],
  },
  postgres: {
    plain: [],
    snapshot: ['START TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY'],
    write: ['START TRANSACTION ISOLATION LEVEL READ COMMITTED'],
  },
};

async function commit(runner: QueryRunner): Promise<void> {
  try {
    await runner.query('COMMIT');
  } catch (error) {
    // Whether it holds is unknown when the connection broke: repeating it is for the caller to decide.
    if (failureOf(error) !== 'lost') throw error;
    throw new DatabaseUnavailableError('the connection to the database broke during a commit');
  }
}

async function rollback(engine: Engine, runner: QueryRunner): Promise<void> {
  try {
    await runner.query('ROLLBACK');
  } catch (error) {
    // SQLite may have rolled back by itself, a broken connection has; a server's session that refuses is not reused.
    if (engine !== 'sqlite' && failureOf(error) === 'refused') throw error;
  }
}
