import { EntitySchema } from 'typeorm';
import type { ColumnTypes } from '../engines/columns.ts';
import { bigColumn, type Columns, idColumn, LENGTHS } from './columns.ts';
import { TABLES } from './table-names.ts';

/** A query in history. */
export type QueryRow = {
  id: string;
  trinoQueryId: string;
  text: string;
  user: string;
  source: string;
  /** JSON list, empty text when there are none. */
  clientTags: string;
  clientIp: string;
  groupId: string;
  backendId: string;
  decidedBy: string;
  /** How far along, see tables/queries/row.ts. */
  state: number;
  submittedAt: number;
  queuedMs: number;
  startedAt: number | null;
  endedAt: number | null;
  /** The state of the report that endedAt comes from; 0 without one. */
  endedState: number;
  rows: number | null;
  /** JSON of the error, empty text when there is none. */
  error: string;
  /** Of the routing chain: null when no step decided. */
  stepId: string | null;
  ruleId: string | null;
  /** JSON list, null when nothing was observed. */
  observed: string | null;
  /** JSON of what routing looked at besides, null when it is not known. */
  request: string | null;
};

/**
 * The indexes of `queries`: one for each filter of ListQueries, in the order of pages, and for the most frequent pairs of
 * filters: the failed queries of a user with plenty, none of which failed.
 */
const INDEXES: Record<string, readonly (keyof QueryRow)[]> = {
  queries_by_time: ['submittedAt', 'id'],
  queries_by_user: ['user', 'submittedAt', 'id'],
  queries_by_backend: ['backendId', 'submittedAt', 'id'],
  queries_by_group: ['groupId', 'submittedAt', 'id'],
  queries_by_state: ['state', 'submittedAt', 'id'],
  queries_by_source: ['source', 'submittedAt', 'id'],
  queries_by_user_state: ['user', 'state', 'submittedAt', 'id'],
  queries_by_backend_state: ['backendId', 'state', 'submittedAt', 'id'],
  queries_by_group_state: ['groupId', 'state', 'submittedAt', 'id'],
  queries_by_source_state: ['source', 'state', 'submittedAt', 'id'],
  queries_by_trino_id: ['trinoQueryId'],
};

/** The column of every field of a query; `user` and `rows` are words of SQL. */
export const QUERY_COLUMNS: Record<keyof QueryRow, string> = {
  id: 'id',
  trinoQueryId: 'trino_query_id',
  text: 'text',
  user: 'user_name',
  source: 'source',
  clientTags: 'client_tags',
  clientIp: 'client_ip',
  groupId: 'group_id',
  backendId: 'backend_id',
  decidedBy: 'decided_by',
  state: 'state',
  submittedAt: 'submitted_at',
  queuedMs: 'queued_ms',
  startedAt: 'started_at',
  endedAt: 'ended_at',
  endedState: 'ended_state',
  rows: 'row_count',
  error: 'error',
  stepId: 'step_id',
  ruleId: 'rule_id',
  observed: 'observed',
  request: 'request',
};

/** History. */
export function queryEntities(types: ColumnTypes) {
  const columns = named(columnsOf(types));
  const indices = Object.entries(INDEXES).map(([name, fields]) => ({ name, columns: [...fields] }));
  return [new EntitySchema<QueryRow>({ name: TABLES.queries, columns, indices })];
}

function columnsOf(types: ColumnTypes): Columns<QueryRow> {
  const { text, small } = types;
  const id = types.name(LENGTHS.id);
  const name = types.name(LENGTHS.name);
  const big = bigColumn(types);
  return {
    id: idColumn(types),
    trinoQueryId: id,
    text,
    user: name,
    source: name,
    clientTags: text,
    clientIp: types.name(LENGTHS.address),
    groupId: id,
    backendId: id,
    decidedBy: name,
    state: small,
    submittedAt: big,
    queuedMs: types.int,
    startedAt: { ...big, nullable: true },
    endedAt: { ...big, nullable: true },
    endedState: small,
    rows: { ...big, nullable: true },
    error: text,
    stepId: { ...id, nullable: true },
    ruleId: { ...id, nullable: true },
    observed: { ...text, nullable: true },
    request: { ...text, nullable: true },
  };
}

function named(columns: Columns<QueryRow>): Columns<QueryRow> {
  const fields = Object.keys(columns) as (keyof QueryRow)[];
  return Object.fromEntries(
    fields.map((field) => [field, { ...columns[field], name: QUERY_COLUMNS[field] }]),
  ) as Columns<QueryRow>;
}
