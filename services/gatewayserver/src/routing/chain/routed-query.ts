import type { RuleRequest } from '@trino-gateway/api/policy-rules';
import { analyseStatement, type StatementFacts } from '@trino-gateway/sql';
import { comparableHost } from '@trino-gateway/trino/host';

/** What the client sent, as far as routing looks at it. */
export type ClientRequest = {
  listeningPort: number;
  host: string;
  headers: readonly { name: string; value: string }[];
};

/** The request in the form in which rules compare it. */
export function readRequest({ listeningPort, host, headers }: ClientRequest): RuleRequest {
  return {
    listeningPort,
    host: comparableHost(host),
    rawHeaders: headers.flatMap(({ name, value }) => [name, value]),
  };
}

/** A new query as a router describes it. */
export type SubmittedQuery = ClientRequest & {
  user: string;
  /** The SQL text; empty when somebody asks where a query without one would go. */
  statement: string;
  clientIp: string;
  /** What RoutingNeeds asks for; absent in a dry run, whose headers may have them. */
  credentials?: ClientRequest['headers'];
  /** The router's, the same for each attempt; absent in a dry run. */
  submissionId?: string;
};

/** A query as the steps of the routing chain look at it. Facts are computed when the first of them asks. */
export type RoutedQuery = RuleRequest & {
  readonly user: string;
  readonly statement: string;
  readonly clientIp: string;
  /** Authorization and X-Trino-Extra-Credential, for steps that pass them on; never to be shown. */
  readonly credentials: ClientRequest['headers'];
  /** Empty in a dry run. */
  readonly submissionId: string;
  /** Epoch milliseconds. */
  readonly now: number;
  /** By lower-case name; of repeated ones the values, joined by commas. */
  headers(): ReadonlyMap<string, string>;
  /** What the statement says; reads it at the first call. */
  sql(): StatementFacts;
};

export function routedQuery(query: SubmittedQuery, now: number): RoutedQuery {
  const request = readRequest(query);
  let headers: Map<string, string> | undefined;
  let facts: StatementFacts | undefined;
  return {
    ...request,
    user: query.user,
    statement: query.statement,
    clientIp: query.clientIp,
    credentials: query.credentials ?? [],
    submissionId: query.submissionId ?? '',
    now,
    headers: () => {
      headers ??= joined(query.headers);
      return headers;
    },
    sql: () => {
      facts ??= analyseStatement(query.statement, request.rawHeaders);
      return facts;
    },
  };
}

function joined(headers: ClientRequest['headers']): Map<string, string> {
  const found = new Map<string, string>();
  for (const { name, value } of headers) {
    const key = name.toLowerCase();
    const before = found.get(key);
    found.set(key, before === undefined ? value : `${before},${value}`);
  }
  return found;
}
