import { setImmediate as nextLoopIteration } from 'node:timers/promises';
import { DatabaseUnavailableError } from '../../storage/contract/errors.ts';
import type { Admission } from '../rules/admission.ts';
import type { Command } from './run-batch.ts';

/** Commands and refreshes, one transaction at a time. */
export type WorkQueue = {
  /** @throws DatabaseUnavailableError when there are too many already, or after `close` */
  run<T>(command: (admission: Admission) => T): Promise<T>;
  refresh(): Promise<void>;
  /** Takes nothing more, and waits until the rest is done. */
  close(): Promise<void>;
};

type Work = {
  /** Answers the commands itself. @throws why none of them was stored */
  runBatch: (commands: readonly Command[]) => Promise<void>;
  readChanges: () => Promise<void>;
};

type Refresh = { resolve: () => void; reject: (error: unknown) => void };

const STOPPING = 'this process is stopping';
const MOST_IN_BATCH = 500;
const MOST_COMMANDS = 20_000;

/** An empty one. Commands that arrive while a batch is stored are the next batch. */
export function createWorkQueue({ runBatch, readChanges }: Work): WorkQueue {
  const commands: Command[] = [];
  let refreshes: Refresh[] = [];
  let pumping: Promise<void> | undefined;
  let isClosed = false;
  const pump = async () => {
    while (commands.length > 0 || refreshes.length > 0) {
      // Take all calls that have arrived: SQLite would run the first alone, as it lets nothing in between.
      await nextLoopIteration();
      const refreshing = refreshes;
      refreshes = [];
      // A batch reads the changes, too: a refresh beside it has its outcome.
      const working = commands.length > 0 ? runBatch(commands.splice(0, MOST_IN_BATCH)) : readChanges();
      await working.catch((error: unknown) => fail(refreshing, error));
      for (const { resolve } of refreshing) resolve();
    }
    pumping = undefined;
  };
  const start = () => {
    pumping ??= pump();
  };
  return {
    run<T>(command: (admission: Admission) => T): Promise<T> {
      if (isClosed) return Promise.reject(new DatabaseUnavailableError(STOPPING));
      if (commands.length >= MOST_COMMANDS)
        return Promise.reject(
          new DatabaseUnavailableError(`the database is too far behind: ${MOST_COMMANDS} changes wait`),
        );
      const { promise, resolve, reject } = Promise.withResolvers<T>();
      commands.push({ run: command, resolve, reject });
      start();
      return promise;
    },
    refresh() {
      if (isClosed) return Promise.reject(new DatabaseUnavailableError(STOPPING));
      const { promise, resolve, reject } = Promise.withResolvers<void>();
      refreshes.push({ resolve, reject });
      start();
      return promise;
    },
    async close() {
      isClosed = true;
      await pumping;
    },
  };
}

function fail(waiting: readonly Refresh[], error: unknown): void {
  for (const { reject } of waiting) reject(error);
}
