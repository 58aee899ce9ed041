import { durationMs } from '../durations/duration.ts';

/**
 * The milliseconds that the client of a poll asks to be held for at most (`?maxWait=500ms`, a Duration of Trino's); undefined
 * where it asks for nothing, or for something that is none.
 */
export function maxWaitMs(target: string): number | undefined {
  const query = target.indexOf('?');
  if (query < 0) return undefined;
  return durationMs(new URLSearchParams(target.slice(query)).get('maxWait') ?? '');
}
