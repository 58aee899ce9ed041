import type { Dialect } from '../../engines/dialect.ts';
import { QUERY_COLUMNS, type QueryRow } from '../../schema/queries.ts';

const FIELDS = Object.keys(QUERY_COLUMNS) as (keyof QueryRow)[];

// Each rule takes the larger of two values in an order that all reports share (the larger text, the earlier time, the further
// state), so that any sequence and repetition of the same reports ends in the same row. Empty text and 0 are the least.
type Merge = 'larger' | 'longer' | 'earlier' | 'largerOrSet' | 'earlierOrSet' | 'ending' | 'decided';

const MERGES: Record<Exclude<keyof QueryRow, 'id'>, Merge> = {
  trinoQueryId: 'larger',
  text: 'larger',
  user: 'larger',
  source: 'larger',
  clientTags: 'larger',
  clientIp: 'larger',
  // The group of the report that says most of how it was decided: one that spilled over while it waited says so behind the rest.
  // Stands before decidedBy, for MySQL as below.
  groupId: 'decided',
  backendId: 'larger',
  decidedBy: 'larger',
  state: 'larger',
  submittedAt: 'earlier',
  queuedMs: 'larger',
  startedAt: 'earlierOrSet',
  // The end that comes with the furthest state: that of a guess (UNKNOWN) gives way to that of a final report. Stands before
  // endedState, since in MySQL later assignments see the values of earlier ones.
  endedAt: 'ending',
  endedState: 'larger',
  rows: 'largerOrSet',
  // The monitor knows the name of an error alone; a report with its message is longer.
  error: 'longer',
  stepId: 'largerOrSet',
  ruleId: 'largerOrSet',
  observed: 'largerOrSet',
  request: 'largerOrSet',
};

/** One statement that stores `rows`, all of different ids, or merges them into what is stored. */
export function mergeStatement(dialect: Dialect, rows: readonly QueryRow[]): { sql: string; values: unknown[] } {
  const name = (field: keyof QueryRow) => dialect.quoted(QUERY_COLUMNS[field]);
  const mark = dialect.marks();
  const tuples = rows.map(() => `(${FIELDS.map(mark).join(', ')})`).join(', ');
  const set = (Object.keys(MERGES) as (keyof typeof MERGES)[])
    .map((field) => `${name(field)} = ${merged(dialect, field, name)}`)
    .join(', ');
  const insert = `INSERT INTO queries (${FIELDS.map(name).join(', ')}) VALUES ${tuples}`;
  return { sql: `${insert} ${dialect.onConflict(name('id'))} ${set}`, values: rows.flatMap(valuesOf) };
}

/** In the order of the marks of a statement for one row. */
export function valuesOf(row: QueryRow): unknown[] {
  return FIELDS.map((field) => row[field]);
}

function merged(dialect: Dialect, field: keyof typeof MERGES, name: (field: keyof QueryRow) => string): string {
  const { largest, least } = dialect;
  const old = (of: keyof QueryRow) => dialect.stored('queries', name(of));
  const reported = (of: keyof QueryRow) => dialect.offered(name(of));
  const both = `${old(field)}, ${reported(field)}`;
  switch (MERGES[field]) {
    case 'larger':
      return `${largest}(${both})`;
    case 'longer': {
      const [before, after] = [`LENGTH(${old(field)})`, `LENGTH(${reported(field)})`];
      return (
        `CASE WHEN ${before} > ${after} THEN ${old(field)} WHEN ${before} < ${after} THEN ${reported(field)} ` +
        `ELSE ${largest}(${both}) END`
      );
    }
    case 'earlier':
      return `${least}(${both})`;
    // When one side is NULL, so are MAX and GREATEST on three of the engines.
    case 'largerOrSet':
      return `COALESCE(${largest}(${both}), ${both})`;
    case 'earlierOrSet':
      return `COALESCE(${least}(${both}), ${both})`;
    case 'decided': {
      const [oldBy, by] = [old('decidedBy'), reported('decidedBy')];
      return (
        `CASE WHEN ${oldBy} > ${by} THEN ${old(field)} WHEN ${oldBy} < ${by} THEN ${reported(field)} ` +
        `ELSE ${largest}(${both}) END`
      );
    }
    case 'ending': {
      const [oldState, state] = [old('endedState'), reported('endedState')];
      return (
        `CASE WHEN ${reported(field)} IS NULL OR ${state} < ${oldState} THEN ${old(field)} ` +
        `WHEN ${old(field)} IS NULL OR ${state} > ${oldState} THEN ${reported(field)} ` +
        `ELSE ${least}(${both}) END`
      );
    }
  }
}
