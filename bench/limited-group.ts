import { type ScriptedQuery, type ScriptedTrino, startScriptedTrino } from '@trino-gateway/testing';
import { cpuSeconds } from '@trino-gateway/testing/processes/process-cost';
import { type Suite, startSuite } from '@trino-gateway/testing/suite/suite';
import { startCoordinator } from './contenders.ts';
import { type Run, shortQueries } from './load.ts';

const CLIENTS = 32;
const LIMIT = 16;
/** The clusters whose idle slots are measured, and how long each query has one of their slots. */
const CLUSTERS = 2;
const SLOTS_EACH = 2;
const RUN_MS = 300;
const IDLE_SECONDS = 15;

/**
 * What limits cost, on SQLite with one process of each kind: the same load without and with one, and the time in which
 * slots are idle although somebody waits. Each line goes to `say`.
 */
export async function admissionCosts(say: (line: string) => void, seconds: number, rounds: number): Promise<void> {
  // One each: what two backends of one cluster run counts for both.
  await using unlimited = await startCoordinator();
  await using coordinator = await startCoordinator();
  await using suite = await startSuite({
    listeners: 2,
    gatewayserver: { DEFAULT_GROUP: 'free' },
    router: { EXPLAIN_HEADERS: 'false' },
  });
  const pids = [suite.gatewayserver.pid, suite.monitor.pid, suite.router.pid];
  await suite.addBackends({ free: unlimited.url });
  await suite.addGroup('free', ['free']);
  await suite.addBackends({ limited: coordinator.url }, { maxRunningQueries: LIMIT });
  await suite.addGroup('limited', ['limited']);
  await suite.call('PolicyService/PutPolicy', {
    policy: { id: 'limited', listeningPort: suite.router.ports[1], groupId: 'limited' },
  });
  const [free = '', limited = ''] = suite.router.urls;
  const runs = new Map<string, { run: Run; cpuMicros: number }[]>();
  for (let round = 0; round < rounds; round++) {
    for (const [name, url] of [
      ['no limit', free],
      [`limit ${LIMIT}`, limited],
    ] as const) {
      const before = cpuSeconds(pids);
      const run = await shortQueries(url, CLIENTS, seconds);
      const cpuMicros = ((cpuSeconds(pids) - before) / run.count) * 1_000_000;
      runs.set(name, [...(runs.get(name) ?? []), { run, cpuMicros }]);
    }
  }
  say(`| short queries, ${CLIENTS} clients | a second | CPU µs each | p50 ms | p99 ms |`);
  say('| --- | ---: | ---: | ---: | ---: |');
  for (const [name, all] of runs) {
    const { run, cpuMicros } = middle(all);
    const cells = [run.perSecond.toFixed(0), cpuMicros.toFixed(0), run.p50Ms.toFixed(2), run.p99Ms.toFixed(2)];
    say(`| ${name} | ${cells.join(' | ')} |`);
  }
  say('');
  const slots = `${CLUSTERS} clusters of ${SLOTS_EACH} slots`;
  say(`With ${slots}, ${CLIENTS} clients and queries of ${RUN_MS} ms: ${await idleSlots(suite)}.`);
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
  const run = await shortQueries(suite.router.urls[1] ?? '', CLIENTS, IDLE_SECONDS, 'SELECT short');
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

function middle<T extends { run: Run }>(all: readonly T[]): T {
  const found = all.toSorted((a, b) => a.run.perSecond - b.run.perSecond)[Math.floor(all.length / 2)];
  if (!found) throw new Error('there was no round');
  return found;
}
