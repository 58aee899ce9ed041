import { type Backend, Backend_Scaler_State as State } from '@trino-gateway/api/gateway';
import { describeError } from '@trino-gateway/runtime';
import { createConcurrencyLimit } from '../../clusters/concurrency-limit.ts';

/** What a scaler last said of a cluster. */
export type Reading = {
  /** Unspecified while that is not known; then `problem` tells why. */
  observed: State;
  problem: string;
  /** When it was said, by a steady clock in milliseconds. */
  at: number;
};

/** What scalers say of clusters, kept as long as nothing is expected to change. */
export type Readings = {
  of(backendId: string): Reading | undefined;
  /** Asks anew when that is due; in the background, and never twice at a time. */
  refresh(backend: Backend, expected: Expected): void;
  /** All others are forgotten. */
  keepOnly(backendIds: ReadonlySet<string>): void;
  /** Ends what is under way. */
  stop(): Promise<void>;
};

/** What says whether a reading is still good. */
type Expected = {
  /** It is on its way up or down, or was never found out. */
  isMoving: boolean;
  /** Whether it passes its probes: another answer than at the last reading is a reason to ask. */
  healthy: boolean;
};

export type ReadingsOptions = {
  read: (backend: Backend, signal: AbortSignal) => Promise<State>;
  /** A steady clock, in milliseconds. */
  now: () => number;
};

type Entry = {
  scaler: Backend['scaler'];
  reading: Reading | undefined;
  healthy: boolean;
  asked: Promise<void> | undefined;
};

const MOVING_MS = 2_000;
const FAILED_MS = 10_000;
const SLOW_MS = 60_000;
const AT_ONCE = 16;
/** A scaler that takes longer no longer holds up the others. */
const COUNTED_MS = 1_000;

/** Nothing read yet. */
export function createReadings({ read, now }: ReadingsOptions): Readings {
  const entries = new Map<string, Entry>();
  const limit = createConcurrencyLimit(AT_ONCE, COUNTED_MS);
  const stop = new AbortController();

  const ask = async (entry: Entry, backend: Backend, healthy: boolean) => {
    const reading = await limit
      .run(stop.signal, () => read(backend, stop.signal))
      .then(
        (observed): Omit<Reading, 'at'> => ({ observed, problem: '' }),
        (error: unknown) => ({ observed: State.STATE_UNSPECIFIED, problem: describeError(error) }),
      );
    entry.reading = { ...reading, at: now() };
    entry.healthy = healthy;
    entry.asked = undefined;
  };
  return {
    of: (backendId) => entries.get(backendId)?.reading,
    refresh: (backend, expected) => {
      let entry = entries.get(backend.id);
      if (entry?.scaler !== backend.scaler) entry = undefined;
      entry ??= { scaler: backend.scaler, reading: undefined, healthy: expected.healthy, asked: undefined };
      entries.set(backend.id, entry);
      if (entry.asked || stop.signal.aborted || !isDue(entry, expected, now())) return;
      entry.asked = ask(entry, backend, expected.healthy);
    },
    keepOnly: (backendIds) => {
      for (const id of [...entries.keys()]) if (!backendIds.has(id)) entries.delete(id);
    },
    stop: async () => {
      stop.abort();
      await Promise.all([...entries.values()].map(({ asked }) => asked));
    },
  };
}

function isDue({ reading, healthy }: Entry, expected: Expected, now: number): boolean {
  if (!reading) return true;
  const age = now - reading.at;
  if (reading.problem !== '') return age >= FAILED_MS;
  return age >= (expected.isMoving || healthy !== expected.healthy ? MOVING_MS : SLOW_MS);
}
