import { EntitySchema, type EntitySchemaColumnOptions } from 'typeorm';
import { asNumber, columnTypes } from '../engines/column-types.ts';
import type { Engine } from '../engines/engine.ts';

/** An object an administrator put: the message as JSON, and the wishes that have calls of their own. */
export type ObjectRow = { id: string; document: string; enabled: boolean };
export type BackendRow = ObjectRow & { draining: boolean };
export type StatusRow = { backendId: string; document: string; observedAt: number };
export type ScheduleRow = { backendId: string; document: string; observedAt: number };
export type OverrideRow = { backendId: string; document: string };
export type IncarnationRow = {
  suffix: string;
  url: string;
  backendId: string;
  forwardedHeaders: string;
  firstSeenAt: number;
  lastSeenAt: number;
};
export type TransactionRow = {
  id: string;
  backendId: string;
  url: string;
  forwardedHeaders: string;
  startedAt: number;
};
export type RevisionRow = { name: string; value: number };
export type SecretRow = { name: string; value: string };
export type DutyRow = { name: string; holder: string; heldUntil: number };
/** A lease, a waiter or a hold as JSON; empty text once it is over. */
export type AdmissionRow = { kind: string; id: string; version: number; changedAt: number; document: string };
/** A sealed statement or answer of who waits, in base64. */
export type SealedRow = { id: string; part: string; createdAt: number; sealed: string };
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
  /** How far along, see query-row.ts. */
  state: number;
  submittedAt: number;
  queuedMs: number;
  startedAt: number | null;
  endedAt: number | null;
  /** The state of the report that told endedAt; 0 while none did. */
  endedState: number;
  rows: number | null;
  /** JSON of the error, empty text when there is none. */
  error: string;
};

/** Names by which repositories are asked for. */
export const TABLES = {
  backends: 'backends',
  groups: 'routing_groups',
  policies: 'policies',
  statuses: 'backend_statuses',
  overrides: 'backend_overrides',
  schedules: 'backend_schedules',
  incarnations: 'incarnations',
  transactions: 'open_transactions',
  revisions: 'revisions',
  secrets: 'suite_secrets',
  queries: 'queries',
  duties: 'duties',
  admission: 'admission_entries',
  sealed: 'admission_sealed',
} as const;

/** The longest values that fit columns with an index, in characters. */
export const LENGTHS = { id: 128, name: 256, url: 512, address: 64, suffix: 16 } as const;

/**
 * The indexes of `queries`: each filter of ListQueries, in the order pages are read, and the pairs that are asked for
 * most: the failed queries of somebody who has plenty, none of them failed.
 */
export const QUERY_INDEXES: Record<string, readonly (keyof QueryRow)[]> = {
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
};

/** Every field of a row has a column, or this does not compile. */
type Columns<Row> = Record<keyof Row, EntitySchemaColumnOptions>;

/** All tables as TypeORM sees them on one engine. */
export function entities(engine: Engine): EntitySchema[] {
  const { name, text, big, int, small, flag } = columnTypes(engine);
  const id = { ...name(LENGTHS.id), primary: true };
  const time = { ...big, transformer: asNumber };
  const object: Columns<ObjectRow> = { id, document: text, enabled: flag };
  const query: Columns<QueryRow> = {
    id,
    trinoQueryId: name(LENGTHS.id),
    text,
    user: name(LENGTHS.name),
    source: name(LENGTHS.name),
    clientTags: text,
    clientIp: name(LENGTHS.address),
    groupId: name(LENGTHS.id),
    backendId: name(LENGTHS.id),
    decidedBy: name(LENGTHS.name),
    state: small,
    submittedAt: time,
    queuedMs: int,
    startedAt: { ...time, nullable: true },
    endedAt: { ...time, nullable: true },
    endedState: small,
    rows: { ...time, nullable: true },
    error: text,
  };
  return [
    new EntitySchema<BackendRow>({ name: TABLES.backends, columns: { ...object, draining: flag } }),
    new EntitySchema<ObjectRow>({ name: TABLES.groups, columns: object }),
    new EntitySchema<ObjectRow>({ name: TABLES.policies, columns: object }),
    new EntitySchema<StatusRow>({
      name: TABLES.statuses,
      columns: {
        backendId: { ...id, name: 'backend_id' },
        document: text,
        observedAt: { ...time, name: 'observed_at' },
      },
    }),
    new EntitySchema<ScheduleRow>({
      name: TABLES.schedules,
      columns: {
        backendId: { ...id, name: 'backend_id' },
        document: text,
        observedAt: { ...time, name: 'observed_at' },
      },
    }),
    new EntitySchema<OverrideRow>({
      name: TABLES.overrides,
      columns: { backendId: { ...id, name: 'backend_id' }, document: text },
    }),
    new EntitySchema<IncarnationRow>({
      name: TABLES.incarnations,
      columns: {
        suffix: { ...name(LENGTHS.suffix), primary: true },
        url: { ...name(LENGTHS.url), primary: true },
        backendId: { ...name(LENGTHS.id), name: 'backend_id' },
        forwardedHeaders: { ...name(LENGTHS.address), name: 'forwarded_headers' },
        firstSeenAt: { ...time, name: 'first_seen_at' },
        lastSeenAt: { ...time, name: 'last_seen_at' },
      },
    }),
    new EntitySchema<TransactionRow>({
      name: TABLES.transactions,
      columns: {
        id: { ...name(LENGTHS.address), primary: true },
        backendId: { ...name(LENGTHS.id), name: 'backend_id' },
        url: { ...name(LENGTHS.url) },
        forwardedHeaders: { ...name(LENGTHS.address), name: 'forwarded_headers' },
        startedAt: { ...time, name: 'started_at' },
      },
      indices: [{ name: 'open_transactions_by_time', columns: ['startedAt'] }],
    }),
    new EntitySchema<RevisionRow>({
      name: TABLES.revisions,
      columns: { name: { ...name(LENGTHS.address), primary: true }, value: { ...big, transformer: asNumber } },
    }),
    new EntitySchema<SecretRow>({
      name: TABLES.secrets,
      columns: { name: { ...name(LENGTHS.address), primary: true }, value: text },
    }),
    new EntitySchema<DutyRow>({
      name: TABLES.duties,
      columns: {
        name: { ...name(LENGTHS.address), primary: true },
        holder: name(LENGTHS.address),
        heldUntil: { ...time, name: 'held_until' },
      },
    }),
    new EntitySchema<AdmissionRow>({
      name: TABLES.admission,
      columns: {
        kind: { ...name(LENGTHS.suffix), primary: true },
        id,
        version: time,
        changedAt: { ...time, name: 'changed_at' },
        document: text,
      },
      indices: [{ name: 'admission_entries_by_version', columns: ['version'] }],
    }),
    new EntitySchema<SealedRow>({
      name: TABLES.sealed,
      columns: {
        id,
        part: { ...name(LENGTHS.address), primary: true },
        createdAt: { ...time, name: 'created_at' },
        sealed: text,
      },
    }),
    new EntitySchema<QueryRow>({
      name: TABLES.queries,
      columns: named(query, QUERY_COLUMNS),
      indices: Object.entries(QUERY_INDEXES).map(([index, columns]) => ({ name: index, columns: [...columns] })),
    }),
  ] as EntitySchema[];
}

function named<Row>(columns: Columns<Row>, names: Record<keyof Row, string>): Columns<Row> {
  const entries = Object.entries<EntitySchemaColumnOptions>(columns);
  return Object.fromEntries(
    entries.map(([field, column]) => [field, { ...column, name: names[field as keyof Row] }]),
  ) as Columns<Row>;
}
