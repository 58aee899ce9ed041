import { type Logger, pause } from '@trino-gateway/runtime';
import type { QueryPosition, QueryStore } from '../storage/contract/queries.ts';
import type { DutyStore } from '../storage/contract/suite.ts';

/** What is purged, and by which replica. */
export type PurgeOptions = {
  queries: Pick<QueryStore, 'positionBehind' | 'purge'>;
  duties: DutyStore;
  /** Names this replica: only one of them purges at a time. */
  holder: string;
  /** Older queries are deleted; 0 keeps history of any age. */
  maxAgeMs: number;
  /** Of more queries than this, the oldest are deleted; 0 keeps any number. */
  maxCount: number;
  /** Epoch milliseconds. */
  now: () => number;
  signal: AbortSignal;
  /** Called after every step. */
  onPurged: (rows: number) => void;
  logger: Logger;
};

const DUTY = 'purge history';
/** Far longer than a step takes: a replica that does not renew its duty for so long has died, and another one takes over. */
const DUTY_MS = 60_000;
const ROWS_PER_STEP = 50;
const ROWS_PER_HOP = 10_000;
const SHORTEST_PAUSE_MS = 20;
const PAUSES_PER_STEP = 2;

/**
 * Deletes history that is too old or too much, unless another replica does so now: the oldest first, in short transactions with
 * pauses twice as long, so that it uses at most a third of one connection. Stops early when it is aborted, and continues at the
 * next call.
 */
export async function purgeHistory(options: PurgeOptions): Promise<void> {
  const { queries, duties, holder, signal, onPurged, logger } = options;
  const hold = () => duties.hold(DUTY, holder, DUTY_MS);
  if ((options.maxAgeMs === 0 && options.maxCount === 0) || !(await hold())) return;
  const startedAt = performance.now();
  let rows = 0;
  try {
    const upTo = await newestToDelete(options, hold);
    while (upTo !== undefined && !signal.aborted) {
      const stepAt = performance.now();
      const deleted = await queries.purge(upTo, ROWS_PER_STEP);
      rows += deleted;
      if (deleted > 0) onPurged(deleted);
      if (deleted < ROWS_PER_STEP) break;
      const pauseMs = Math.max(SHORTEST_PAUSE_MS, PAUSES_PER_STEP * (performance.now() - stepAt));
      await pause(pauseMs, signal);
      if (signal.aborted || !(await hold())) break;
    }
  } finally {
    const seconds = Math.round((performance.now() - startedAt) / 100) / 10;
    if (rows > 0) logger.info('old history was deleted', { rows, seconds });
  }
  await duties.end(DUTY, holder);
}

/** The newest row to delete, by age or by count; undefined when there is none. */
async function newestToDelete(options: PurgeOptions, hold: () => Promise<boolean>): Promise<QueryPosition | undefined> {
  const { maxAgeMs, maxCount, now } = options;
  const tooOld = maxAgeMs === 0 ? undefined : { submittedAt: now() - maxAgeMs, id: '' };
  const tooMany = maxCount === 0 ? undefined : await oneTooMany(options, hold);
  if (tooOld === undefined || tooMany === undefined) return tooOld ?? tooMany;
  return tooMany.submittedAt >= tooOld.submittedAt ? tooMany : tooOld;
}

/** The newest row with `maxCount` newer ones, found in hops that are short statements each. */
async function oneTooMany(
  { queries, maxCount, signal }: PurgeOptions,
  hold: () => Promise<boolean>,
): Promise<QueryPosition | undefined> {
  let position = await queries.positionBehind(undefined, 0);
  for (let left = maxCount; left > 0 && position !== undefined; ) {
    if (signal.aborted || !(await hold())) return undefined;
    const hop = Math.min(left, ROWS_PER_HOP);
    position = await queries.positionBehind(position, hop - 1);
    left -= hop;
  }
  return position;
}
