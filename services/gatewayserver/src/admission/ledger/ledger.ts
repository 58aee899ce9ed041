import { randomUUID } from 'node:crypto';
import { setImmediate as nextTurnOfLoop } from 'node:timers/promises';
import type { SnapshotKeeper } from '../../configuration/configuration-cache.ts';
import type { AdmissionChanges, AdmissionStore, AdmissionWrites } from '../../storage/contract/admission.ts';
import { DatabaseUnavailableError } from '../../storage/contract/errors.ts';
import { type Admission, giveTurns } from '../rules/admission.ts';
import type { Limits } from '../rules/limits.ts';
import { resume } from '../rules/resume.ts';
import { ADMISSION_TIMES, type AdmissionTimes } from '../rules/times.ts';
import { type AdmissionState, createAdmissionState } from '../state/admission-state.ts';
import type { Lease, Waiter } from '../state/waiter.ts';
import { createListeners } from './listeners.ts';
import { applyEntries, entriesOf } from './stored-entries.ts';
import { keepLedger, type UpkeepOptions } from './upkeep.ts';

/** What one batch has changed, for those who count and report. */
export type Committed = {
  leases: readonly Change<Lease>[];
  waiters: readonly Change<Waiter>[];
  /** Commands that were stored together. */
  commands: number;
  durationMs: number;
  /** Of the database's clock. */
  now: number;
};

/** Before and after; undefined where there was, or is, none. */
export type Change<Thing> = { before: Thing | undefined; after: Thing | undefined };

/** The stored state of admission with its copy in memory: one lock for all replicas, one transaction for many commands. */
export type Ledger = AsyncDisposable & {
  /**
   * Runs a command on the present state; what it answers is stored when it is answered. Free slots are given to whoever is
   * next in the same transaction. A command may run more than once and acts on nothing but the admission.
   * @throws DatabaseUnavailableError when it may or may not have been stored: it can be repeated
   */
  run<T>(command: (admission: Admission) => T): Promise<T>;
  /** As last read, for looking at only. */
  state(): AdmissionState;
  /** Reads what other replicas have stored until now. @throws DatabaseUnavailableError when that cannot be known */
  look(): Promise<void>;
  /** The database's clock, as far as it is known. */
  now(): number;
  /**
   * Calls back whenever the waiter may have changed, also on another replica, when the database is back after an outage, and
   * when the process stops.
   * @returns what ends it
   */
  listen(waiterId: string, wake: () => void): () => void;
};

type Options = UpkeepOptions & {
  store: AdmissionStore;
  limits: Limits;
  /** Where the limits come from: a batch is decided by the configuration of its own moment. */
  configuration: Pick<SnapshotKeeper, 'configurationRevision' | 'refresh'>;
  onCommitted?: (committed: Committed) => void;
  /** Aborted when the process stops. */
  stopping?: AbortSignal;
  times?: AdmissionTimes;
};

type Command = {
  run: (admission: Admission) => unknown;
  resolve: (answer: never) => void;
  reject: (error: unknown) => void;
};

const STOPPING = 'this process is stopping';
const MOST_IN_BATCH = 500;
/** How often a batch starts anew because the configuration has changed meanwhile. */
const MOST_REREADS = 10;
const MOST_COMMANDS = 20_000;
/** A copy that was not brought up to date for so long is read anew: what is over was deleted meanwhile. */
const LONGEST_GAP_MS = 300_000;
/** After a silence of our own of this length nobody else's counts. */
const BREAK_MS = 10_000;

/** Opens it; the first command, or look, reads the state. */
export function openLedger(options: Options): Ledger {
  const { store, limits, configuration, onCommitted, stopping, times = ADMISSION_TIMES } = options;
  let state = createAdmissionState();
  let known: number | undefined;
  let readAt = Number.NEGATIVE_INFINITY;
  let clock = { at: 0, read: performance.now() };
  let servedSince = 0;
  let wasAway = true;
  let resumes = true;
  const commands: Command[] = [];
  let pumping: Promise<void> | undefined;
  let wantsLook: { resolve: () => void; reject: (error: unknown) => void }[] = [];
  let isClosed = false;
  const listeners = createListeners();
  stopping?.addEventListener('abort', listeners.wakeAll, { once: true });

  const since = () => (performance.now() - readAt > LONGEST_GAP_MS ? undefined : known);
  const take = ({ now, whole, entries }: AdmissionChanges) => {
    state.undo();
    if (whole) state = createAdmissionState();
    applyEntries(state, entries);
    // It never goes back, not even when a replica asks a server whose clock is late.
    const at = Math.max(clock.at, now);
    clock = { at, read: performance.now() };
    if (wasAway || performance.now() - readAt > BREAK_MS) {
      servedSince = at;
      resumes = true;
    }
    wasAway = false;
    return at;
  };
  const taken = (version: number) => {
    known = version;
    readAt = performance.now();
  };
  const lost = () => {
    // What was stored all the same is read as a change of somebody else.
    state.undo();
    wasAway = true;
  };

  const change = async (work: (changes: AdmissionChanges) => AdmissionWrites) => {
    for (let attempt = 1; ; attempt++) {
      try {
        return await store.change(since(), (changes) => {
          if (changes.configuration !== configuration.configurationRevision()) throw new StaleConfigurationError();
          return work(changes);
        });
      } catch (error) {
        if (!(error instanceof StaleConfigurationError)) throw error;
        if (attempt > MOST_REREADS) throw new DatabaseUnavailableError('the configuration changes all the time');
        await configuration.refresh();
      }
    }
  };
  const runBatch = async (batch: readonly Command[]) => {
    const began = performance.now();
    let others: string[] = [];
    let outcomes: (() => void)[] = [];
    try {
      const version = await change((changes) => {
        const now = take(changes);
        others = waiterIds(changes);
        const admission: Admission = { state, limits, times, now, servedSince, newClaimId: randomUUID };
        if (resumes) resume(admission);
        outcomes = batch.map(({ run, resolve, reject }) => {
          try {
            const answer = run(admission) as never;
            return () => resolve(answer);
          } catch (error) {
            return () => reject(error);
          }
        });
        giveTurns(admission);
        return entriesOf(state);
      });
      taken(version);
      resumes = false;
    } catch (error) {
      lost();
      for (const { reject } of batch) reject(error);
      return;
    }
    const { leases, waiters } = state.journal;
    const committed = {
      leases: [...leases.noted()].map(([id, before]) => ({ before, after: state.lease(id) })),
      waiters: [...waiters.noted()].map(([id, before]) => ({ before, after: state.waiter(id) })),
      commands: batch.length,
      durationMs: performance.now() - began,
      now: clock.at,
    };
    const changed = [...others, ...waiters.noted().keys()];
    state.journal.clear();
    for (const settle of outcomes) settle();
    listeners.wake(changed);
    onCommitted?.(committed);
  };
  const readChanges = async () => {
    const changes = await store.changes(since());
    if (!changes) {
      readAt = performance.now();
      return;
    }
    take(changes);
    taken(changes.version);
    listeners.wake(waiterIds(changes));
  };
  const pump = async () => {
    while (commands.length > 0 || wantsLook.length > 0) {
      // All calls that have arrived are read first: SQLite would take the first alone, it lets nothing in between.
      await nextTurnOfLoop();
      const looking = wantsLook;
      wantsLook = [];
      if (commands.length > 0) await runBatch(commands.splice(0, MOST_IN_BATCH));
      else
        try {
          await readChanges();
        } catch (error) {
          lost();
          for (const { reject } of looking) reject(error);
        }
      for (const { resolve } of looking) resolve();
    }
    pumping = undefined;
  };
  const start = () => {
    pumping ??= pump();
  };
  const run = <T>(command: (admission: Admission) => T): Promise<T> => {
    if (isClosed) return Promise.reject(new DatabaseUnavailableError(STOPPING));
    if (commands.length >= MOST_COMMANDS)
      return Promise.reject(
        new DatabaseUnavailableError(`the database is too far behind: ${MOST_COMMANDS} changes wait`),
      );
    const { promise, resolve, reject } = Promise.withResolvers<T>();
    commands.push({ run: command, resolve, reject });
    start();
    return promise;
  };
  const look = (): Promise<void> => {
    if (isClosed) return Promise.reject(new DatabaseUnavailableError(STOPPING));
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    wantsLook.push({ resolve, reject });
    start();
    return promise;
  };

  const upkeep = keepLedger({
    ...options,
    run,
    look,
    state: () => state,
    isListenedTo: () => listeners.size() > 0,
    returned: listeners.wakeAll,
  });
  return {
    run,
    state: () => state,
    look,
    now: () => clock.at + performance.now() - clock.read,
    listen: listeners.add,
    async [Symbol.asyncDispose]() {
      await upkeep[Symbol.asyncDispose]();
      isClosed = true;
      await pumping;
    },
  };
}

/** Another replica, or this one, has changed the configuration since it was read. */
class StaleConfigurationError extends Error {}

function waiterIds({ entries }: AdmissionChanges): string[] {
  return entries.filter(({ kind }) => kind === 'waiter').map(({ id }) => id);
}
