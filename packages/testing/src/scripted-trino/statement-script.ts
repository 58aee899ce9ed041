/** A column of a scripted result: name and Trino type as a client sees it. */
export type ScriptedColumn = { name: string; type: string };

/** An error as Trino reports it inside a page. */
export type ScriptedError = {
  name: string;
  code: number;
  type: 'USER_ERROR' | 'INTERNAL_ERROR' | 'INSUFFICIENT_RESOURCES' | 'EXTERNAL';
  message: string;
};

/** What one statement does. Everything is optional: an empty script is a query that ends at once without rows. */
export type StatementScript = {
  columns?: readonly ScriptedColumn[];
  /** JSON values; split evenly over `pages`. */
  rows?: readonly (readonly unknown[])[];
  /** Number of data pages, 1 unless given. */
  pages?: number;
  /** Every data page carries one varchar value of this many bytes instead of `rows`. */
  pageBytes?: number;
  /** Queued GETs answered before the executing link is given; Trino needs one or two. Default 2. */
  queuedPolls?: number;
  /** Milliseconds in state QUEUED, polls are held for up to a second. */
  queuedMs?: number;
  /** Milliseconds in state RUNNING before the first row; `Infinity` runs until it is cancelled. */
  runMs?: number;
  /** The query fails with this. */
  error?: ScriptedError;
  /** Where it fails: at the first poll (`queued`, as refusals and syntax errors do) or after `runMs` (default). */
  errorAt?: 'queued' | 'executing';
  /** X-Trino-* lines on the executing pages, in order; names may repeat. */
  answerHeaders?: readonly (readonly [name: string, value: string])[];
  updateType?: string;
  updateCount?: number;
  /** `short`: the last data page is the last page. Default: one page before the rows and one after, as Trino does. */
  paging?: 'trino' | 'short';
};

/** Trino's error for a query that was cancelled by its client. */
export const userCanceled: ScriptedError = {
  name: 'USER_CANCELED',
  code: 3,
  type: 'USER_ERROR',
  message: 'Query was canceled',
};

/** Trino's error for a query that an administrator killed. */
export function killed(message: string | undefined): ScriptedError {
  return {
    name: 'ADMINISTRATIVELY_KILLED',
    code: 38,
    type: 'USER_ERROR',
    message: message ? `Query killed. Message: ${message}` : 'Query killed. No message provided.',
  };
}

/** Trino's error for a query that was preempted. */
export function preempted(message: string | undefined): ScriptedError {
  return {
    name: 'ADMINISTRATIVELY_PREEMPTED',
    code: 131080,
    type: 'INSUFFICIENT_RESOURCES',
    message: message ? `Query preempted. Message: ${message}` : 'Query preempted. No message provided.',
  };
}
