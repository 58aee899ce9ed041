import { type Backoff, createBackoff, describeError, pause } from '@trino-gateway/runtime';

/** Work for clusters in the background: one errand for each at a time, repeated when it fails. */
export type Errands = {
  /**
   * Begins an errand, unless it is done, another one for this cluster is under way, or it failed a moment ago. Another key is
   * another errand, and what became of the last one is forgotten.
   */
  run(backendId: string, key: string, work: (signal: AbortSignal) => Promise<void>): void;
  /** What became of this errand. */
  outcome(backendId: string, key: string): Outcome;
  /** What is known of all others is forgotten. */
  keepOnly(backendIds: ReadonlySet<string>): void;
  /** Waits for so long for those under way, then ends them. */
  stop(graceMs: number): Promise<void>;
};

export type Outcome = {
  /** When it was done, by the steady clock; undefined: not yet. */
  doneAt?: number;
  /** Why it failed the last time; empty: it did not. */
  problem: string;
};

type Entry = { key: string; outcome: Outcome; backoff: Backoff; running: Promise<void> | undefined };

/** Between two attempts. */
const PAUSES = { firstMs: 1_000, longestMs: 30_000 };

/**
 * None under way.
 * @param now a steady clock, in milliseconds
 */
export function createErrands(now: () => number): Errands {
  const entries = new Map<string, Entry>();
  const end = new AbortController();

  const attempt = async (entry: Entry, work: (signal: AbortSignal) => Promise<void>) => {
    try {
      await work(end.signal);
      entry.outcome = { doneAt: now(), problem: '' };
    } catch (error) {
      entry.outcome = { problem: describeError(error) };
      entry.backoff.failed();
    }
    entry.running = undefined;
  };
  return {
    run: (backendId, key, work) => {
      let entry = entries.get(backendId);
      if (entry?.running || end.signal.aborted) return;
      if (entry?.key !== key) {
        entry = { key, outcome: { problem: '' }, backoff: createBackoff(PAUSES, now), running: undefined };
        entries.set(backendId, entry);
      }
      if (entry.outcome.doneAt !== undefined || !entry.backoff.isDue()) return;
      entry.running = attempt(entry, work);
    },
    outcome: (backendId, key) => {
      const entry = entries.get(backendId);
      return entry?.key === key ? entry.outcome : { problem: '' };
    },
    keepOnly: (backendIds) => {
      for (const [id, { running }] of [...entries]) if (!backendIds.has(id) && !running) entries.delete(id);
    },
    stop: async (graceMs) => {
      const all = Promise.all([...entries.values()].map(({ running }) => running));
      const ended = new AbortController();
      await Promise.race([all, pause(graceMs, ended.signal)]);
      ended.abort();
      end.abort(new Error('the monitor stops'));
      await all;
    },
  };
}
