import { setTimeout as delay } from 'node:timers/promises';
import type { Declared } from '@trino-gateway/config';
import type { Gateway } from '../../connection/gateway.ts';
import { backendKind, groupKind } from '../../kinds/index.ts';
import { oneLine } from '../../terminal/one-line.ts';
import type { Terminal } from '../../terminal/terminal.ts';
import { whyNotAvailable } from './why-not-available.ts';

/** The exit code when the time was over. */
const NOT_AVAILABLE = 3;
const LOOK_MS = 500;

/** Waits until what was declared takes queries. @returns the exit code */
export async function awaitAvailable(
  gateway: Gateway,
  declared: Declared,
  limitMs: number,
  terminal: Terminal,
): Promise<number> {
  const until = Date.now() + limitMs;
  for (;;) {
    const [backends, groups] = await Promise.all([backendKind.list(gateway), groupKind.list(gateway)]);
    const missing = whyNotAvailable(declared, { backends, groups });
    if (missing.length === 0) return 0;
    const left = until - Date.now();
    if (left <= 0) {
      for (const why of missing) terminal.err(oneLine(why));
      return NOT_AVAILABLE;
    }
    await delay(Math.min(LOOK_MS, left));
  }
}
