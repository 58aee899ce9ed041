import { parseUntrustedJson } from '@trino-gateway/json';
import { durationMs, firstHeader, parseQueryId } from '@trino-gateway/trino';
import type { AskCluster } from '../clusters/ask.ts';
import { readAnswer } from '../ends/answered-end.ts';
import type { Exchange } from '../http/exchange.ts';
import { UpstreamError } from '../http/upstream/upstream-answer.ts';
import type { Coordinator } from '../stickiness/coordinator.ts';

const ANSWER_TIME_MS = 2_000;
/** Stamp of an id and `Date` have whole seconds, and the coordinator counts its uptime from a moment after its start. */
const SECONDS_MS = 2_000;
/** `/v1/info` says an uptime with four digits, such as 11.71m or 1.25h. */
const ROUNDED = 0.01;

/**
 * Whether the coordinator process that made this id is gone, as the one that answers at its address says: it has started since. Both
 * times are by the clock of the coordinators' machine.
 */
export async function hasRestarted(
  ask: AskCluster,
  exchange: Exchange,
  coordinator: Coordinator,
  queryId: string,
): Promise<boolean> {
  try {
    const { status, rawHeaders, body } = await readAnswer(ask, exchange, {
      coordinator,
      method: 'GET',
      path: '/v1/info',
      headTimeMs: ANSWER_TIME_MS,
      signal: AbortSignal.any([exchange.signal, AbortSignal.timeout(ANSWER_TIME_MS)]),
    });
    if (status !== 200) return false;
    return startedAfter(queryId, firstHeader(rawHeaders, 'date') ?? '', uptimeIn(body));
  } catch (error) {
    if (error instanceof UpstreamError) return false;
    throw error;
  }
}

/** Whether a process of this uptime began after the id was made, beyond doubt. */
export function startedAfter(queryId: string, date: string, uptimeMs: number | undefined): boolean {
  const madeAt = stampMs(queryId);
  const startedAt = Date.parse(date) - (uptimeMs ?? Number.NaN) * (1 + ROUNDED);
  return madeAt + SECONDS_MS < startedAt;
}

function uptimeIn(body: Buffer): number | undefined {
  try {
    const { uptime } = (parseUntrustedJson(body.toString()) ?? {}) as { uptime?: unknown };
    return typeof uptime === 'string' ? durationMs(uptime) : undefined;
  } catch {
    return undefined;
  }
}

function stampMs(queryId: string): number {
  const stamp = parseQueryId(queryId)?.stamp ?? '';
  return Date.parse(stamp.replace(/^(....)(..)(..)_(..)(..)(..)$/, '$1-$2-$3T$4:$5:$6Z'));
}
