import {
  clientTags,
  preparedStatementNames,
  querySource,
  sessionProperties,
  transactionHeader,
  trinoHeader,
  trinoHeaders,
} from '@trino-gateway/trino';
import type { RoutedQuery } from './routed-query.ts';

/** A value as rules and scripts see it; a `time` is epoch milliseconds. */
export type FactValue = string | number | boolean | readonly string[] | Readonly<Record<string, string>>;

/** One thing that rules and scripts may ask of a query. */
export type RequestFact = {
  readonly type: 'string' | 'int' | 'bool' | 'list' | 'map' | 'time';
  /** It is found out by reading the statement. */
  readonly readsStatement?: true;
  /** Computes it; only for those who ask. */
  of(query: RoutedQuery): FactValue;
};

/** The documented request: what rules and scripts see of a query, by the name that they use. Absent texts are empty. */
export const requestFacts = {
  user: { type: 'string', of: ({ user }) => user },
  /** Of the user. Nothing tells them yet. */
  groups: { type: 'list', of: () => [] },
  source: { type: 'string', of: ({ rawHeaders }) => querySource(rawHeaders) ?? '' },
  client_tags: { type: 'list', of: ({ rawHeaders }) => clientTags(rawHeaders) },
  client_info: { type: 'string', of: ({ rawHeaders }) => trinoHeader(rawHeaders, 'client-info') ?? '' },
  catalog: { type: 'string', of: ({ rawHeaders }) => trinoHeader(rawHeaders, 'catalog')?.trim() ?? '' },
  schema: { type: 'string', of: ({ rawHeaders }) => trinoHeader(rawHeaders, 'schema')?.trim() ?? '' },
  headers: { type: 'map', of: (query) => headersOfBothFamilies(query.headers()) },
  listening_port: { type: 'int', of: ({ listeningPort }) => listeningPort },
  host: { type: 'string', of: ({ host }) => host },
  client_ip: { type: 'string', of: ({ clientIp }) => clientIp },
  now: { type: 'time', of: ({ now }) => now },
  session: { type: 'map', of: ({ rawHeaders }) => sessionProperties(rawHeaders) },
  in_transaction: { type: 'bool', of: ({ rawHeaders }) => transactionHeader(rawHeaders).kind === 'open' },
  prepared: {
    type: 'list',
    of: ({ rawHeaders }) => preparedStatementNames(trinoHeaders(rawHeaders, 'prepared-statement')),
  },
  statement: { type: 'string', of: ({ statement }) => statement },
  length: { type: 'int', of: ({ statement }) => statement.length },
  kind: { type: 'string', readsStatement: true, of: (query) => query.sql().kind },
  statement_class: { type: 'string', readsStatement: true, of: (query) => query.sql().statementClass },
  tables: { type: 'list', readsStatement: true, of: (query) => query.sql().tables },
  tables_known: { type: 'bool', readsStatement: true, of: (query) => query.sql().tablesKnown },
  catalogs: { type: 'list', readsStatement: true, of: (query) => query.sql().catalogs },
  schemas: { type: 'list', readsStatement: true, of: (query) => query.sql().schemas },
  columns: { type: 'list', readsStatement: true, of: (query) => query.sql().columns },
  functions: { type: 'list', readsStatement: true, of: (query) => query.sql().functions },
} as const satisfies Readonly<Record<string, RequestFact>>;

const TWIN = 'x-presto-';

/** Headers of X-Presto-* clients are there under the names of X-Trino-*, too: a rule need not know of both. */
function headersOfBothFamilies(headers: ReadonlyMap<string, string>): Readonly<Record<string, string>> {
  const found = [...headers];
  const twins = found
    .filter(([name]) => name.startsWith(TWIN))
    .map(([name, value]) => [trinoName(name), value] as const);
  return Object.fromEntries([...twins, ...found]);
}

function trinoName(name: string): string {
  return `x-trino-${name.slice(TWIN.length)}`;
}
