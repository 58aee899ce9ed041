import { type Coordinator, startCoordinator } from '@trino-gateway/testing/trino/coordinator';
import { runStatement } from '@trino-gateway/testing/trino-client/run-statement';
import { PROBE_SOURCE } from '@trino-gateway/trino/probe-source';

/** What Trino itself knows of one query. */
type Listed = {
  queryId: string;
  state: string;
  query: string;
  session: { user: string; source?: string };
  queryStats: { createTime: string };
};

/** After so long Trino gives up the query, or the transaction, of a client that is not heard of. */
export const CLIENT_TIMEOUT = '20s';
const LOOKS = 'e2e-looks';

/** A real coordinator that soon gives up what clients left behind. */
export function startDrainingCluster(name: string, port = 0): Promise<Coordinator> {
  const properties = {
    'query.client.timeout': CLIENT_TIMEOUT,
    'transaction.idle-timeout': CLIENT_TIMEOUT,
    'transaction.idle-check-interval': '1s',
  };
  return startCoordinator({ name, port, properties, say: (line) => void process.stderr.write(`${line}\n`) });
}

/** What Trino itself has unfinished: its queries but the gateway's probes, and open transactions. */
export async function unfinished({ url }: Pick<Coordinator, 'url'>): Promise<string[]> {
  const queries = (await queriesOf(url)).filter(({ state }) => state !== 'FINISHED' && state !== 'FAILED');
  const select = 'SELECT transaction_id FROM system.runtime.transactions WHERE NOT auto_commit_context';
  const { rows } = await runStatement(url, select, { user: LOOKS });
  return [
    ...queries.map(({ queryId, state, query }) => `${queryId} ${state} ${query}`),
    ...rows.map(([id]) => `transaction ${id}`),
  ];
}

/** The statements that have arrived there since, probes aside. */
export async function arrivedSince({ url }: Pick<Coordinator, 'url'>, since: number): Promise<string[]> {
  const arrived = (await queriesOf(url)).filter(({ queryStats }) => Date.parse(queryStats.createTime) > since);
  return arrived.map(({ queryId, query, session }) => `${queryId} ${session.user} ${query}`);
}

async function queriesOf(url: string): Promise<Listed[]> {
  const answer = await fetch(`${url}/v1/query`, {
    headers: { 'x-trino-user': LOOKS },
    signal: AbortSignal.timeout(30_000),
  });
  const all = (await answer.json()) as Listed[];
  return all.filter(({ session: { user, source } }) => user !== LOOKS && source !== PROBE_SOURCE);
}
