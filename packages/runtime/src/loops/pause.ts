import { setTimeout as delay } from 'node:timers/promises';

/** Waits for so many milliseconds, or until the signal is aborted; never throws. */
export async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await delay(ms, undefined, { signal }).catch(() => {});
}
