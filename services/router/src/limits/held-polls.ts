import { LRUCache } from 'lru-cache';

/** A poll of a waiting client that is being held. */
export type HeldPoll = {
  /** Aborted when the router stops, and when the client given to `enter` hangs up. */
  readonly signal: AbortSignal;
  /** No longer held; returns how many others of the same query still are. */
  end(): number;
};

/** The polls of waiting clients that this router holds, and how long their queries have waited. */
export type HeldPolls = {
  /** How long a poll may be held whose client asks for no more than `maxWaitMs`, in milliseconds. */
  holdMs(maxWaitMs?: number): number;
  /** A poll begins to be held; `end` is called when the router stops. Returns what says that it is no longer held. */
  hold(end: () => void): () => void;
  /** A poll of this query begins to be held. */
  enter(queryId: string, client?: AbortSignal): HeldPoll;
  /** How many are held. */
  count(): number;
  /** The gatewayserver reported that this query has waited for so long. */
  waited(queryId: string, queuedMs: number): void;
  /** How long it has waited by now, in milliseconds; undefined when that was never reported here. */
  queuedMs(queryId: string): number | undefined;
  /** Ends all held polls, and those to come. */
  stop(): void;
  isStopping(): boolean;
};

/** Beyond it the least recently polled is forgotten, until the gatewayserver reports it again. */
const REMEMBERED = 50_000;
/** As Trino itself does (QueuedStatementResource): some clients wait for an answer for no longer than three seconds. */
const LONGEST_HOLD_MS = 1_000;
/** A poll that is not held at all could not be offered a slot. */
const LEAST_HOLD_MS = 50;

/** No poll is held. `now` is any steady clock in milliseconds; `holdMs` is shorter in tests. */
export function createHeldPolls({
  now = () => performance.now(),
  holdMs = LONGEST_HOLD_MS,
}: {
  now?: () => number;
  holdMs?: number;
} = {}): HeldPolls {
  const held = new Map<string, number>();
  // One for each poll: on one signal for the whole router the listeners of ended calls would pile up.
  const ends = new Set<() => void>();
  const queuedSince = new LRUCache<string, number>({ max: REMEMBERED });
  let stopping = false;
  return {
    holdMs: (maxWaitMs = holdMs) => Math.min(holdMs, Math.max(maxWaitMs, LEAST_HOLD_MS)),
    hold: (end) => {
      ends.add(end);
      return () => void ends.delete(end);
    },
    enter: (queryId, client) => {
      const controller = new AbortController();
      const onHangUp = () => controller.abort();
      client?.addEventListener('abort', onHangUp, { once: true });
      if (stopping || client?.aborted) controller.abort();
      ends.add(onHangUp);
      held.set(queryId, (held.get(queryId) ?? 0) + 1);
      return {
        signal: controller.signal,
        end: () => {
          client?.removeEventListener('abort', onHangUp);
          ends.delete(onHangUp);
          const others = (held.get(queryId) ?? 1) - 1;
          if (others > 0) held.set(queryId, others);
          else held.delete(queryId);
          return others;
        },
      };
    },
    count: () => ends.size,
    waited: (queryId, queuedMs) => void queuedSince.set(queryId, now() - queuedMs),
    queuedMs: (queryId) => {
      const since = queuedSince.get(queryId);
      return since === undefined ? undefined : now() - since;
    },
    stop: () => {
      stopping = true;
      for (const end of [...ends]) end();
    },
    isStopping: () => stopping,
  };
}
