import { run, session } from '@trino-gateway/testing/protocol/wire';

/** What of a statement must be the same whoever passes it on. */
export type Outcome = {
  columns: unknown;
  rows: unknown[][];
  error: unknown;
  updateType: unknown;
  updateCount: unknown;
};

const ID = /\d{8}_\d{6}_\d{5}_[a-z2-9]{5}/g;

/** Runs a statement to its end. Ids of queries are left out of error texts. */
export async function outcome(
  url: string,
  statement: string,
  headers: Record<string, string | string[]> = session,
): Promise<Outcome> {
  const { rows, pages } = await run(url, statement, headers);
  const of = (key: string) => (pages as Record<string, unknown>[]).findLast((page) => page[key] !== undefined)?.[key];
  const { failureInfo: _trace, ...error } = (of('error') ?? {}) as Record<string, unknown>;
  return {
    columns: of('columns'),
    rows,
    error: JSON.parse(JSON.stringify(error).replace(ID, 'ID')),
    updateType: of('updateType'),
    updateCount: of('updateCount'),
  };
}
