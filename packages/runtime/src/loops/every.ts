import { describeError, type Logger } from '../logging/logger.ts';
import { pause } from './pause.ts';

/** A background loop that can be stopped; disposal waits for the run in flight. */
export type Loop = AsyncDisposable & {
  /** Runs as soon as possible instead of waiting for the rest of the interval. */
  hurry(): void;
};

/**
 * Calls `work` at once and then again `intervalMs` after each run ended, so that runs never overlap. A run that throws
 * is logged and the loop goes on. The signal given to `work` is aborted on disposal.
 */
export function every(
  intervalMs: number,
  name: string,
  logger: Logger,
  work: (signal: AbortSignal) => Promise<void>,
): Loop {
  const stop = new AbortController();
  let wake = new AbortController();
  const run = async () => {
    while (!stop.signal.aborted) {
      wake = new AbortController();
      try {
        await work(stop.signal);
      } catch (error) {
        if (!stop.signal.aborted) logger.error(`${name} failed`, { error: describeError(error) });
      }
      if (stop.signal.aborted) return;
      await pause(intervalMs, AbortSignal.any([stop.signal, wake.signal]));
    }
  };
  const running = run();
  return {
    hurry: () => wake.abort(),
    [Symbol.asyncDispose]: () => {
      stop.abort();
      return running;
    },
  };
}
