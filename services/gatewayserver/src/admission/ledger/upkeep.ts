import { createOutageLog, describeError, every, type Logger } from '@trino-gateway/runtime';
import type { AdmissionStore } from '../../storage/contract/admission.ts';
import type { Admission } from '../rules/admission.ts';
import { expire } from '../rules/expiry.ts';
import type { AdmissionState } from '../state/admission-state.ts';

/** What upkeep needs from outside. */
export type UpkeepOptions = {
  store: Pick<AdmissionStore, 'prune'>;
  logger: Logger;
  /** For tests. */
  timings?: Partial<UpkeepTimings>;
};

type UpkeepTimings = {
  /** How often leases and waiters expire. */
  expireEveryMs: number;
  /** How often other replicas' changes are read while a waiter is listened to. */
  refreshEveryMs: number;
};

const TIMINGS: UpkeepTimings = { expireEveryMs: 1_000, refreshEveryMs: 20 };

type Parts = UpkeepOptions & {
  run(command: (admission: Admission) => void): Promise<void>;
  /** Reads what other replicas have changed. */
  refresh(): Promise<void>;
  state(): AdmissionState;
  isListenedTo(): boolean;
  /** The database answers again after an outage. */
  returned(): void;
};

/** Longer than any replica continues from what it has read. */
const TOMBSTONES_KEPT_MS = 600_000;
const PRUNE_EVERY_MS = 60_000;

/** Reads other replicas' changes, ends what time ends and deletes what is past; every replica does so, which is harmless. */
export function startUpkeep({
  store,
  logger,
  timings,
  run,
  refresh,
  state,
  isListenedTo,
  returned,
}: Parts): AsyncDisposable {
  const { expireEveryMs, refreshEveryMs } = { ...TIMINGS, ...timings };
  let away = false;
  const recovered = 'the database answers again: queued queries are admitted again';
  const outage = createOutageLog({ logger, recovered });
  const noticingOutage = async (work: () => Promise<void>) => {
    try {
      await work();
      if (!away) return;
      away = false;
      outage.succeeded();
      returned();
    } catch (error) {
      outage.failed('the database does not answer: no queries are admitted to limited groups', {
        error: describeError(error),
      });
      away = true;
    }
  };
  const loops = [
    every(refreshEveryMs, 'reading slot offers of other replicas', logger, async () => {
      if (isListenedTo() && !away) await noticingOutage(refresh);
    }),
    every(expireEveryMs, 'expiring leases and queued queries', logger, () =>
      noticingOutage(async () => {
        await refresh();
        if (hasAny(state().leases()) || hasAny(state().waiters())) await run(expire);
      }),
    ),
    every(PRUNE_EVERY_MS, 'deleting past leases and queued queries', logger, () =>
      noticingOutage(() => store.prune(TOMBSTONES_KEPT_MS)),
    ),
  ];
  return {
    async [Symbol.asyncDispose]() {
      await Promise.all(loops.map((loop) => loop[Symbol.asyncDispose]()));
    },
  };
}

function hasAny(things: Iterable<unknown>): boolean {
  return things[Symbol.iterator]().next().done !== true;
}
