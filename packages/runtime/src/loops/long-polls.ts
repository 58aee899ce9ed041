import type { Logger } from '../logging/logger.ts';
import { createBackoff, type Pauses } from './backoff.ts';
import { every, type Loop } from './every.ts';
import { pause } from './pause.ts';

/** What a loop of long polls needs. */
export type LongPolls = {
  /** For the log. */
  name: string;
  /** Asks once; the other side may hold its answer back. Answers whether anything had changed. */
  ask(signal: AbortSignal): Promise<boolean>;
  onFailure(error: unknown): void;
  logger: Logger;
  /** After failures; shorter in tests. */
  pauses?: Partial<Pauses> | undefined;
};

const PAUSES: Pauses = { firstMs: 200, longestMs: 5_000 };
/** A server that answers at once although nothing has changed is not asked more often than this. */
const LEAST_MS = 100;

/** Asks for changes again and again. Disposal aborts the poll that is held, which does not count as a failure. */
export function longPolls({ name, ask, onFailure, logger, pauses }: LongPolls): Loop {
  const backoff = createBackoff({ ...PAUSES, ...pauses });
  return every(0, name, logger, async (signal) => {
    const startedAt = performance.now();
    try {
      const hasChanged = await ask(signal);
      backoff.succeeded();
      const leftMs = LEAST_MS - (performance.now() - startedAt);
      if (!hasChanged && leftMs > 0) await pause(leftMs, signal);
    } catch (error) {
      if (signal.aborted) return;
      onFailure(error);
      await pause(backoff.failed(), signal);
    }
  });
}
