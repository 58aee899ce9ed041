import { createBackoff, type Pauses } from '../loops/backoff.ts';
import { within } from '../loops/within.ts';
import { type BacklogOptions, createBacklog } from './backlog.ts';

/** Sends items in the background, in batches and oldest first, and keeps each until it was taken. */
export type Delivery<Item> = AsyncDisposable & {
  /** Takes an item and returns at once; false when there is no room for it. */
  add(item: Item): boolean;
  /**
   * Sends an item by itself, beside all that waits, in the place of what waits under its key. Resolves after that attempt;
   * what failed waits from then on like the others.
   */
  sendNow(item: Item): Promise<void>;
  /** What is kept under this key is no longer of interest. */
  forget(key: string): void;
  /** Items that wait or are under way. */
  size(): number;
  /** Items that were given up: there was no room, or they were refused. */
  dropped(): number;
};

/** What a call that sends should keep to. */
export type SendLimits = { timeLimitMs: number; signal: AbortSignal };

export type DeliveryOptions<Item> = BacklogOptions<Item> & {
  /** Is called again with what it fails for, so sending twice must do no harm. */
  send: (batch: Item[], limits: SendLimits) => Promise<unknown>;
  /** How long one call may take; default 5 s. */
  sendTimeLimitMs?: number;
  /** How many batches are sent side by side; default 1. */
  atOnce?: number;
  /** Begins to call this now and then, and soon after `hurry`, as `every` does. */
  repeat: (run: (signal: AbortSignal) => Promise<void>) => AsyncDisposable & { hurry(): void };
  /** Whether items are sent as soon as they come, and not only when `repeat` calls; not while sending fails. */
  isHurried?: boolean;
  /** Pauses after failures that are longer than those of `repeat`. */
  backoff?: Pauses;
  /** What else is to be sent by now, whether there is room or not. */
  due?: () => readonly Item[];
  /** Whether an item of the batch is at fault, so that sending it again is in vain; default never. */
  isRefused?: (error: unknown) => boolean;
  onRefused?: (item: Item, error: unknown) => void;
  /** Something has to wait and is sent again; `isFirst`: the attempt before worked. */
  onFailure?: (error: unknown, isFirst: boolean) => void;
  /** Sending works again. */
  onRecovery?: () => void;
  /** How long disposal may take to send what waits; without it what waits is given up. */
  flushTimeLimitMs?: number;
  /** So many were neither sent nor refused at the end. */
  onLost?: (count: number) => void;
};

const SEND_TIME_LIMIT_MS = 5_000;
const NO_BACKOFF: Pauses = { firstMs: 0, longestMs: 0 };

/** Nothing to send yet. Disposal ends the loop, and sends what is left as far as the options say. */
export function createDelivery<Item>(options: DeliveryOptions<Item>): Delivery<Item> {
  const { repeat, atOnce = 1, sendTimeLimitMs = SEND_TIME_LIMIT_MS } = options;
  const backlog = createBacklog(options);
  const backoff = createBackoff(options.backoff ?? NO_BACKOFF);
  const sendBatch = createSender(options, backlog);
  let isFailing = false;

  /** Whether all that was sent was taken, or refused for good. */
  const sendRound = async (limits: SendLimits): Promise<boolean> => {
    const outcomes = await Promise.all(backlog.takeBatches(atOnce).map((batch) => sendBatch(batch, limits)));
    const failure = outcomes.find((outcome) => outcome !== undefined);
    if (limits.signal.aborted) return failure === undefined;
    if (failure !== undefined) {
      options.onFailure?.(failure.error, !isFailing);
      backoff.failed();
    } else {
      if (isFailing) options.onRecovery?.();
      backoff.succeeded();
    }
    isFailing = failure !== undefined;
    return !isFailing;
  };
  /** What comes in during a run gathers until the next one, unless it is hurried or fills a batch. */
  const isWorthARound = () => options.isHurried === true || backlog.waiting() >= options.batch;
  const run = async (signal: AbortSignal): Promise<void> => {
    if (!backoff.isDue()) return;
    for (const item of options.due?.() ?? []) backlog.put(item);
    let before = backlog.waiting();
    while (backlog.waiting() > 0 && (before > 0 || isWorthARound()) && !signal.aborted) {
      before -= options.batch * atOnce;
      if (!(await sendRound({ timeLimitMs: sendTimeLimitMs, signal }))) return;
    }
  };
  const loop = repeat(run);
  const flush = async (deadline: number, signal: AbortSignal) => {
    await loop[Symbol.asyncDispose]();
    while (backlog.waiting() > 0 && !signal.aborted) {
      // The protocol has whole milliseconds only.
      const timeLimitMs = Math.min(sendTimeLimitMs, Math.ceil(deadline - performance.now()));
      if (timeLimitMs < 1 || !(await sendRound({ timeLimitMs, signal }))) return;
    }
  };

  return {
    add: (item) => {
      const isKept = backlog.add(item);
      if (options.isHurried === true && !isFailing) loop.hurry();
      return isKept;
    },
    sendNow: async (item) => {
      backlog.takeOne(item);
      await sendBatch([item], { timeLimitMs: sendTimeLimitMs, signal: new AbortController().signal });
    },
    forget: backlog.forget,
    size: backlog.size,
    dropped: backlog.dropped,
    [Symbol.asyncDispose]: async () => {
      const { flushTimeLimitMs } = options;
      if (flushTimeLimitMs === undefined) await loop[Symbol.asyncDispose]();
      else await within(flushTimeLimitMs, (signal) => flush(performance.now() + flushTimeLimitMs, signal));
      if (backlog.size() > 0) options.onLost?.(backlog.size());
    },
  };
}

/**
 * Sends a batch; requeues what failed, and says why. One refused item must not hold up the others: halves are tried until
 * it is alone.
 */
function createSender<Item>(
  { send, isRefused, onRefused }: DeliveryOptions<Item>,
  backlog: ReturnType<typeof createBacklog<Item>>,
): (batch: Item[], limits: SendLimits) => Promise<{ error: unknown } | undefined> {
  const sendPart = async (part: Item[], limits: SendLimits): Promise<void> => {
    try {
      await send(part, limits);
      backlog.sent(part);
    } catch (error) {
      if (isRefused?.(error) !== true) throw error;
      const [item, ...others] = part;
      if (item !== undefined && others.length === 0) {
        backlog.refused(item);
        onRefused?.(item, error);
        return;
      }
      const middle = Math.ceil(part.length / 2);
      await sendPart(part.slice(0, middle), limits);
      await sendPart(part.slice(middle), limits);
    }
  };
  return async (batch, limits) => {
    try {
      await sendPart(batch, limits);
      return undefined;
    } catch (error) {
      backlog.requeue(batch);
      return { error };
    }
  };
}
