import { type ScriptedQuery, type ScriptedTrino, startScriptedTrino } from '@trino-gateway/testing';
import { type Suite, startSuite } from '@trino-gateway/testing/suite/suite';
import { runLoad } from '../load/load.ts';
import type { Bench } from './run.ts';

const CLIENTS = 32;
/** The clusters whose idle slots are measured, and how long each query has one of their slots. */
const CLUSTERS = 2;
const SLOTS_EACH = 2;
const RUN_MS = 300;
const SECONDS = 15;

/** The time in which slots are idle although somebody waits, on SQLite with one process of each kind. */
export async function idleSlotCosts({ say }: Pick<Bench, 'say'>): Promise<void> {
  await using suite = await startSuite({
    gatewayserver: { DEFAULT_GROUP: 'limited' },
    router: { EXPLAIN_HEADERS: 'false' },
  });
  const slots = `${CLUSTERS} clusters of ${SLOTS_EACH} slots`;
  say(`With ${slots}, ${CLIENTS} clients and queries of ${RUN_MS} ms: ${await idleSlots(suite)}.\n`);
}

/** Clusters of their own, in this process, which know when each query began and ended. */
async function idleSlots(suite: Suite): Promise<string> {
  await using stack = new AsyncDisposableStack();
  const spans: { from: number; query: ScriptedQuery | undefined }[] = [];
  const ids = Array.from({ length: CLUSTERS }, (_, at) => `few${at}`);
  for (const id of ids) {
    const trino: ScriptedTrino = await startScriptedTrino({
      recordLimit: 100_000,
      script: ({ statement }) => {
        if (!statement.startsWith('SELECT short')) return undefined;
        spans.push({ from: Date.now(), query: trino.queries.at(-1) });
        return { columns: [{ name: 'n', type: 'bigint' }], rows: [[1]], runMs: RUN_MS };
      },
    });
    stack.use(trino);
    await suite.addBackends({ [id]: trino.url }, { maxRunningQueries: SLOTS_EACH });
  }
  await suite.addGroup('limited', ids);
  const options = { clients: CLIENTS, seconds: SECONDS, statement: 'SELECT short' };
  const run = await runLoad('queries', suite.router, options);
  // While the first come and the last go there is not always somebody who waits.
  const from = (spans[0]?.from ?? 0) + 500;
  const to = (spans.at(-CLIENTS)?.from ?? 0) - 500;
  const used = spans.reduce((sum, span) => {
    const ended = span.query?.endedAt ?? to;
    return sum + Math.max(0, Math.min(ended, to) - Math.max(span.from, from));
  }, 0);
  const share = 1 - used / ((to - from) * CLUSTERS * SLOTS_EACH);
  return `${(share * 100).toFixed(1)} % of slot time idle while somebody waits, ${run.perSecond.toFixed(0)} queries a second`;
}
