import type { Page } from '@trino-gateway/testing/trino-client/page';
import { chaosRows } from '../clusters/chaos-cluster.ts';

/** What became of one statement. */
export type Outcome =
  | 'right'
  | 'cancelled'
  | 'left'
  /** An error page that tells of what was done: its cluster died, it was not polled for too long, nobody could take it. */
  | 'failed'
  /** Its link was known to nobody any more, because its cluster has died. */
  | 'gone'
  /** The same of a statement whose cluster runs, or that waited in the gateway: never right. */
  | 'lost'
  /** Any other error page: never right. */
  | 'refused'
  /** Rows of another query, or none: never right. */
  | 'wrong'
  /** No end within the patience of a client: never right. */
  | 'stuck';

/** Each of them breaks a promise. */
export const NEVER_RIGHT: ReadonlySet<Outcome> = new Set(['lost', 'refused', 'wrong', 'stuck']);

/** What the client of a statement says of it. */
export type Told = { outcome: Outcome; text: string };

/** Clusters here give up who does not poll for seconds: so long as a router may be away on a busy machine. */
const EXPECTED_ERRORS = new Set(['ABANDONED_QUERY', 'REMOTE_HOST_GONE', 'NO_NODES_AVAILABLE']);

/** Of a statement whose last page was read. */
export function outcomeOf(number: number, { error }: Page, rows: readonly unknown[][]): Told {
  if (error) {
    const outcome = EXPECTED_ERRORS.has(error.errorName) ? 'failed' : 'refused';
    return { outcome, text: `${error.errorName}: ${error.message}` };
  }
  const isRight = JSON.stringify(rows) === JSON.stringify(chaosRows(number));
  return { outcome: isRight ? 'right' : 'wrong', text: JSON.stringify(rows).slice(0, 200) };
}
