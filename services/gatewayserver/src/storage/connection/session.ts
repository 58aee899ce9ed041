import { type DataSource, type EntityManager, QueryFailedError, type QueryRunner } from 'typeorm';
import { DatabaseUnavailableError } from '../contract/errors.ts';
import type { Engine } from '../engines/engine.ts';

/** A connection while one piece of work uses it. */
export type Session = {
  readonly engine: Engine;
  /** @throws once the work it was given to is over: late statements must not land in somebody else's transaction. */
  readonly manager: EntityManager;
  /** The engine's runEach on this connection; absent where it has none. */
  readonly runEach?: (sql: string, rows: readonly (readonly unknown[])[]) => Promise<void>;
};

/** A session and what its owner does with it. */
export type OpenSession = { session: Session; runner: QueryRunner; close(): Promise<void> };

// The server ends a statement at its time limit; the client gives it this much longer before it drops the connection.
const CLIENT_GRACE_MS = 1_000;

const prepared = new WeakSet<object>();

/** Takes a connection of the pool, in at most `timeLimitMs`, and holds every statement on it to that limit. */
export async function openSession(source: DataSource, engine: Engine, timeLimitMs: number): Promise<OpenSession> {
  const runner = source.createQueryRunner();
  if (!engine.embedded) await prepare(engine, runner, timeLimitMs);
  let over = false;
  const refuseLate = () => {
    if (over) throw new Error('the transaction this belongs to is over');
  };
  const session: Session = {
    engine,
    get manager() {
      refuseLate();
      return runner.manager;
    },
    ...(engine.runEach && { runEach: runEachOn(runner, engine.runEach, refuseLate) }),
  };
  return {
    session,
    runner,
    async close() {
      over = true;
      await runner.release();
    },
  };
}

function runEachOn(
  runner: QueryRunner,
  runEach: NonNullable<Engine['runEach']>,
  refuseLate: () => void,
): NonNullable<Session['runEach']> {
  return async (sql, rows) => {
    const connection: unknown = await runner.connect();
    refuseLate();
    try {
      runEach(connection, sql, rows);
    } catch (error) {
      // As the driver's errors come from all other statements; what is shown of it is its code.
      throw new QueryFailedError(sql, [], error as Error);
    }
  };
}

async function prepare(engine: Engine, runner: QueryRunner, timeLimitMs: number): Promise<void> {
  const connecting = runner.connect();
  let connection: object;
  try {
    connection = await inTime(connecting, timeLimitMs + CLIENT_GRACE_MS, 'gave no connection');
  } catch (error) {
    // One that arrives late goes straight back to the pool.
    connecting.catch(() => undefined).finally(() => runner.release().catch(() => undefined));
    throw error;
  }
  const query = runner.query.bind(runner) as QueryRunner['query'];
  runner.query = async (...statement: Parameters<typeof query>) => {
    try {
      return await inTime(query(...statement), timeLimitMs + CLIENT_GRACE_MS, 'did not answer');
    } catch (error) {
      if (error instanceof DatabaseUnavailableError) drop(connection);
      throw error;
    }
  };
  if (prepared.has(connection)) return;
  try {
    for (const statement of engine.sessionSettings(timeLimitMs)) await runner.query(statement);
    prepared.add(connection);
  } catch (error) {
    await runner.release().catch(() => undefined);
    throw error;
  }
}

/** Breaks a connection whose answer is overdue: in the pool the next user would get that answer. */
function drop(connection: object): void {
  if ('destroy' in connection && typeof connection.destroy === 'function') connection.destroy();
  const socket = 'stream' in connection ? connection.stream : nestedStream(connection);
  if (isDestroyable(socket)) socket.destroy();
}

function nestedStream(connection: object): unknown {
  const inner = 'connection' in connection ? connection.connection : undefined;
  return typeof inner === 'object' && inner !== null && 'stream' in inner ? inner.stream : undefined;
}

function isDestroyable(value: unknown): value is { destroy(): void } {
  return typeof value === 'object' && value !== null && 'destroy' in value && typeof value.destroy === 'function';
}

/** The promise's outcome. @throws DatabaseUnavailableError once the time is over */
export async function inTime<T>(promise: Promise<T>, ms: number, complaint: string): Promise<T> {
  const { promise: late, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new DatabaseUnavailableError(`the database ${complaint} within ${ms} ms`)), ms);
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
    promise.catch(() => undefined);
  }
}
