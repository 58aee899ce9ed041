import { randomUUID } from 'node:crypto';
import type { ConfigurationCache } from '../../configuration/configuration-cache.ts';
import type { AdmissionChanges, AdmissionStore, AdmissionWrites } from '../../storage/contract/admission.ts';
import { DatabaseUnavailableError } from '../../storage/contract/errors.ts';
import type { Limits } from '../limits/limits.ts';
import type { Admission } from '../rules/admission.ts';
import { offerSlots } from '../rules/offer-slots.ts';
import { resume } from '../rules/resume.ts';
import type { AdmissionTimes } from '../rules/times.ts';
import type { AdmissionState } from '../state/admission-state.ts';
import type { Lease } from '../state/lease.ts';
import type { Waiter } from '../state/waiter.ts';
import type { Listeners } from './listeners.ts';
import type { LocalCopy } from './local-copy.ts';
import { changedWaiterIds, entriesOf } from './stored-entries.ts';

/** A command with those who wait for its answer. */
export type Command = {
  run: (admission: Admission) => unknown;
  resolve: (answer: never) => void;
  reject: (error: unknown) => void;
};

/** What one batch has changed, for metrics and reports. */
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

/** What a batch works with. */
export type BatchContext = {
  store: Pick<AdmissionStore, 'change'>;
  copy: LocalCopy;
  listeners: Pick<Listeners, 'wake'>;
  limits: Limits;
  configuration: Pick<ConfigurationCache, 'configurationRevision' | 'refresh'>;
  times: AdmissionTimes;
  expectedUntil: Admission['expectedUntil'];
  onCommitted: ((committed: Committed) => void) | undefined;
};

/** How often a batch starts again because the configuration has changed meanwhile. */
const MOST_REREADS = 10;

/**
 * Runs commands in one transaction, with the slot offers that follow from them, and answers each once all is stored.
 * @throws why nothing was stored; the commands have that answer, too
 */
export async function runBatch(context: BatchContext, commands: readonly Command[]): Promise<void> {
  const { copy, listeners, onCommitted } = context;
  const began = performance.now();
  let changedElsewhere: string[] = [];
  let answers: (() => void)[] = [];
  try {
    const version = await transact(context, (changes) => {
      changedElsewhere = changedWaiterIds(changes);
      const admission = admissionAt(context, copy.apply(changes));
      if (copy.isResuming) resume(admission);
      answers = commands.map((command) => outcomeOf(command, admission));
      offerSlots(admission);
      return entriesOf(copy.state());
    });
    copy.confirm(version);
    copy.resumed();
  } catch (error) {
    copy.discard();
    for (const { reject } of commands) reject(error);
    throw error;
  }
  const state = copy.state();
  const committed = {
    ...changesOf(state),
    commands: commands.length,
    durationMs: performance.now() - began,
    now: copy.readAt,
  };
  const changed = [...changedElsewhere, ...state.journal.waiters.noted().keys()];
  state.journal.clear();
  for (const answer of answers) answer();
  listeners.wake(changed);
  onCommitted?.(committed);
}

/** Runs a command on the copy as it would run in a batch, and undoes what it has changed. */
export function previewCommand<T>(
  context: Pick<BatchContext, 'copy' | 'limits' | 'times' | 'expectedUntil'>,
  command: (admission: Admission) => T,
): T {
  const { copy } = context;
  return copy.state().tentatively(() => {
    const admission = admissionAt(context, copy.readAt);
    if (copy.isResuming) resume(admission);
    return command(admission);
  });
}

/** Changes the stored state by the configuration of this moment: when that is not what is known here, it is read first. */
async function transact(
  { store, copy, configuration }: BatchContext,
  work: (changes: AdmissionChanges) => AdmissionWrites,
): Promise<number> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await store.change(copy.version(), (changes) => {
        if (changes.configuration !== configuration.configurationRevision()) throw new StaleConfigurationError();
        return work(changes);
      });
    } catch (error) {
      if (!(error instanceof StaleConfigurationError)) throw error;
      if (attempt > MOST_REREADS) throw new DatabaseUnavailableError('the configuration keeps changing');
      await configuration.refresh();
    }
  }
}

/** The configuration was changed since it was read, by another replica or this one. */
class StaleConfigurationError extends Error {}

function admissionAt(
  { copy, limits, times, expectedUntil }: Pick<BatchContext, 'copy' | 'limits' | 'times' | 'expectedUntil'>,
  now: number,
): Admission {
  return {
    state: copy.state(),
    limits,
    times,
    now,
    servedSince: copy.servedSince,
    expectedUntil,
    newClaimId: randomUUID,
  };
}

/** Runs a command. @returns what gives its answer, or its error, to the caller */
function outcomeOf({ run, resolve, reject }: Command, admission: Admission): () => void {
  try {
    const answer = run(admission) as never;
    return () => resolve(answer);
  } catch (error) {
    return () => reject(error);
  }
}

function changesOf(state: AdmissionState): Pick<Committed, 'leases' | 'waiters'> {
  const { leases, waiters } = state.journal;
  return {
    leases: [...leases.noted()].map(([id, before]) => ({ before, after: state.lease(id) })),
    waiters: [...waiters.noted()].map(([id, before]) => ({ before, after: state.waiter(id) })),
  };
}
