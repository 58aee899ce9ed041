import type { Logger } from '../logging/logger.ts';
import { every, type Loop } from './every.ts';
import { pause } from './pause.ts';

/** What a loop of long polls needs. */
export type LongPolls = {
  /** For the log. */
  name: string;
  /** Asks once, which the other side may hold back; answers whether anything had changed. */
  ask(signal: AbortSignal): Promise<boolean>;
  onFailure(error: unknown): void;
  logger: Logger;
  /** Shorter in tests, in milliseconds. */
  pauses?: Partial<Pauses> | undefined;
};

/** First and longest pause after a failure, which doubles in between; each is drawn from half to one and a half of it. */
type Pauses = { firstMs: number; longestMs: number };

const PAUSES: Pauses = { firstMs: 200, longestMs: 5_000 };
/** One that does not hold its answers back although nothing has changed is not asked more often than this. */
const LEAST_MS = 100;

/** Asks for changes again and again. Disposal aborts the poll that is held, which counts as no failure. */
export function longPolls({ name, ask, onFailure, logger, pauses }: LongPolls): Loop {
  const { firstMs, longestMs } = { ...PAUSES, ...pauses };
  let pauseMs = firstMs;
  return every(0, name, logger, async (signal) => {
    const began = performance.now();
    try {
      const hasChanged = await ask(signal);
      pauseMs = firstMs;
      const leftMs = LEAST_MS - (performance.now() - began);
      if (!hasChanged && leftMs > 0) await pause(leftMs, signal);
    } catch (error) {
      if (signal.aborted) return;
      onFailure(error);
      await pause(pauseMs * (0.5 + Math.random()), signal);
      pauseMs = Math.min(pauseMs * 2, longestMs);
    }
  });
}
