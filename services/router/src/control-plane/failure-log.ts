import { createBoundedLines, type Logger } from '@trino-gateway/runtime';

/** What a log line names of a query: its text is not among it. */
export type NamedQuery = { id: string; trinoQueryId: string; user: string; groupId: string; backendId: string };

/** Logs queries that did not end well, a bounded number of lines. */
export type FailureLog = {
  /** The gateway refused it: no cluster ever had it. */
  refused(query: NamedQuery, error: string): void;
  /** It failed at its cluster, or with it. What is not known of it is left out: another router may have handed it over. */
  failed(query: Pick<NamedQuery, 'trinoQueryId'> & Partial<NamedQuery>, error: string): void;
};

const MOST_PER_SECOND = 50;
const LONGEST_NAME = 200;

/** Nothing logged yet. */
export function createFailureLog(logger: Logger): FailureLog {
  const refusals = createBoundedLines(logger, MOST_PER_SECOND);
  const failures = createBoundedLines(logger, MOST_PER_SECOND);
  return {
    refused: (query, error) => refusals('a query was refused', { ...named(query), error }),
    failed: (query, error) => failures('a query has failed', { ...named(query), error }),
  };
}

function named({
  id,
  trinoQueryId,
  user,
  groupId,
  backendId,
}: Partial<NamedQuery>): Record<string, string | undefined> {
  return {
    query: id || trinoQueryId,
    trinoQuery: id && trinoQueryId && id !== trinoQueryId ? trinoQueryId : undefined,
    user: user?.slice(0, LONGEST_NAME),
    group: groupId || undefined,
    backend: backendId || undefined,
  };
}
