import { describeError, every, type Logger } from '@trino-gateway/runtime';
import type { AdmissionStore } from '../../storage/contract/admission.ts';
import type { Admission } from '../rules/admission.ts';
import { expire } from '../rules/expiry.ts';
import type { AdmissionState } from '../state/admission-state.ts';

/** What upkeep needs from outside. */
export type UpkeepOptions = {
  store: Pick<AdmissionStore, 'prune'>;
  logger: Logger;
  /** How often what time ends is ended, and how often others' changes are looked for while somebody listens. */
  expireEveryMs?: number;
  lookEveryMs?: number;
};

type Kept = UpkeepOptions & {
  run(command: (admission: Admission) => void): Promise<void>;
  /** Reads what others have changed. */
  look(): Promise<void>;
  state(): AdmissionState;
  isListenedTo(): boolean;
  /** The database answers again after an outage. */
  returned(): void;
};

/** Longer than any replica goes on with what it has read without reading on. */
const TOMBSTONES_KEPT_MS = 600_000;
const PRUNE_EVERY_MS = 60_000;

/** Looks for others' changes, ends what time ends and forgets what is over, on every replica: that is harmless. */
export function keepLedger({
  store,
  logger,
  expireEveryMs,
  lookEveryMs,
  run,
  look,
  state,
  isListenedTo,
  returned,
}: Kept): AsyncDisposable {
  let away = false;
  const patiently = async (work: () => Promise<void>) => {
    try {
      await work();
      if (!away) return;
      away = false;
      logger.info('the queue goes on: the database answers again');
      returned();
    } catch (error) {
      if (!away)
        logger.warn('nothing is admitted to limited groups: the database is away', { error: describeError(error) });
      away = true;
    }
  };
  const loops = [
    every(lookEveryMs ?? 20, 'looking for turns given elsewhere', logger, async () => {
      if (isListenedTo() && !away) await patiently(look);
    }),
    every(expireEveryMs ?? 1_000, 'ending what is over in the queue', logger, () =>
      patiently(async () => {
        await look();
        if (hasAny(state().leases()) || hasAny(state().waiters())) await run(expire);
      }),
    ),
    every(PRUNE_EVERY_MS, 'forgetting what is over in the queue', logger, () =>
      patiently(() => store.prune(TOMBSTONES_KEPT_MS)),
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
