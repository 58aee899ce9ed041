import type { ConfigurationCache } from '../../configuration/configuration-cache.ts';
import type { AdmissionStore } from '../../storage/contract/admission.ts';
import type { Limits } from '../limits/limits.ts';
import type { Admission } from '../rules/admission.ts';
import { ADMISSION_TIMES, type AdmissionTimes } from '../rules/times.ts';
import type { AdmissionState } from '../state/admission-state.ts';
import { createListeners } from './listeners.ts';
import { createLocalCopy } from './local-copy.ts';
import { openPresence, type Presence } from './presence.ts';
import { type BatchContext, type Committed, previewCommand, runBatch } from './run-batch.ts';
import { changedWaiterIds } from './stored-entries.ts';
import { startUpkeep, type UpkeepOptions } from './upkeep.ts';
import { createWorkQueue } from './work-queue.ts';

/** The stored state of admission with its copy in memory: one lock for all replicas, one transaction for many commands. */
export type Ledger = AsyncDisposable & {
  /**
   * Runs a command on the present state, and answers once its changes are stored. Free slots are offered to the next waiters in
   * the same transaction. A command may run more than once, and acts on nothing but the admission.
   * @throws DatabaseUnavailableError when it may or may not have been stored: it can be repeated
   */
  run<T>(command: (admission: Admission) => T): Promise<T>;
  /**
   * What a command would answer now; nothing is changed or stored.
   * @throws DatabaseUnavailableError when the present state cannot be known
   */
  preview<T>(command: (admission: Admission) => T): Promise<T>;
  /** As last read; for reading only. */
  state(): AdmissionState;
  /** Reads what other replicas have stored until now. @throws DatabaseUnavailableError when that cannot be known */
  refresh(): Promise<void>;
  /** The database's clock, as far as it is known. */
  now(): number;
  /**
   * Calls back whenever the waiter may have changed, also on another replica, when the database is back after an outage, and
   * when the process stops.
   * @returns what ends it
   */
  listen(waiterId: string, wake: () => void): () => void;
  /** The clients whose polls come here. */
  presence: Omit<Presence, typeof Symbol.asyncDispose>;
};

type Options = UpkeepOptions & {
  store: AdmissionStore;
  limits: Limits;
  /** Where the limits come from: a batch is decided by the configuration of its own moment. */
  configuration: Pick<ConfigurationCache, 'configurationRevision' | 'refresh'>;
  onCommitted?: (committed: Committed) => void;
  /** Aborted when the process stops. */
  stopping?: AbortSignal;
  times?: AdmissionTimes;
};

/** Opens it; the first command, or refresh, reads the state. */
export function openLedger(options: Options): Ledger {
  const { store, limits, configuration, onCommitted, stopping, times = ADMISSION_TIMES } = options;
  const copy = createLocalCopy();
  const listeners = createListeners();
  stopping?.addEventListener('abort', listeners.wakeAll, { once: true });
  const batch: BatchContext = {
    ...{ store, copy, listeners, limits, configuration, times, onCommitted },
    expectedUntil: (id) => presence.expectedUntil(id),
  };
  const readChanges = async () => {
    try {
      const changes = await store.changes(copy.version());
      if (changes) copy.apply(changes);
      copy.confirm(changes?.version);
      if (changes) listeners.wake(changedWaiterIds(changes));
    } catch (error) {
      copy.discard();
      throw error;
    }
  };
  const work = createWorkQueue({ runBatch: (commands) => runBatch(batch, commands), readChanges });
  const presence = openPresence({ state: copy.state, now: copy.now, run: work.run, times, logger: options.logger });
  const upkeep = startUpkeep({
    ...options,
    run: work.run,
    refresh: work.refresh,
    state: copy.state,
    isListenedTo: () => listeners.size() > 0,
    returned: listeners.wakeAll,
  });
  return {
    run: work.run,
    preview: async (command) => {
      await work.refresh();
      return previewCommand(batch, command);
    },
    state: copy.state,
    refresh: work.refresh,
    now: copy.now,
    listen: listeners.add,
    presence,
    async [Symbol.asyncDispose]() {
      await presence[Symbol.asyncDispose]();
      await upkeep[Symbol.asyncDispose]();
      await work.close();
    },
  };
}
