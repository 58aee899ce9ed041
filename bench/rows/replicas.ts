import { startScriptedTrino } from '@trino-gateway/testing';
import { type RunningDatabase, startDatabase } from '@trino-gateway/testing/databases/start-database';
import { cpuSeconds } from '@trino-gateway/testing/processes/process-cost';
import { until } from '@trino-gateway/testing/processes/until';
import { type Suite, startSuite } from '@trino-gateway/testing/suite/suite';
import { MissingToolError } from '@trino-gateway/testing/toolchains/missing-tool';
import { runQuery } from '@trino-gateway/testing/trino-client/run-query';
import { runLoad } from '../load/load.ts';
import { admittedQueries } from './admission-load.ts';
import { type Bench, steadyRun } from './run.ts';

const CLIENTS = 64;
const LIMIT = 8;
const STATEMENT = 'SELECT turn';
const WAKE_UP_SECONDS = 15;
/** The first ones: the code is not compiled yet. */
const NOT_COUNTED = 20;
/** Long enough that the next one waits, and is polling, when a query ends. */
const RUN_MS = 50;

type Setting = { name: string; replicas: number; database?: RunningDatabase };

/**
 * What several gatewayservers on one database cost: the time from a freed slot to the next submission when the next one's
 * poll is held by another replica, and how many queries they admit in strict order.
 */
export async function replicaCosts({ say, seconds }: Pick<Bench, 'say' | 'seconds'>): Promise<void> {
  const rows: string[] = [];
  const measure = async (setting: Setting) => {
    await using suite = await startSuite({
      gatewayservers: setting.replicas,
      routers: setting.replicas,
      ...(setting.database && { databaseUrl: setting.database.url }),
      gatewayserver: { DEFAULT_GROUP: 'g' },
      router: { EXPLAIN_HEADERS: 'false' },
    });
    const { times, p50Ms, p99Ms } = await wakeUps(suite);
    const urls = suite.gatewayservers.map(({ url }) => url);
    const pids = suite.gatewayservers.map(({ pid }) => pid);
    const { perSecond, cpuMicros } = await steadyRun(async () => {
      const before = cpuSeconds(pids);
      const run = await admittedQueries({ urls, clients: CLIENTS, seconds, limit: LIMIT });
      return { ...run, cpuMicros: ((cpuSeconds(pids) - before) / run.count) * 1_000_000 };
    });
    const cells = [times, p50Ms, p99Ms, perSecond, cpuMicros].map((value) => value.toFixed(0));
    rows.push(`| ${setting.name} | ${cells.join(' | ')} |`);
  };
  await measure({ name: 'one gatewayserver, sqlite', replicas: 1 });
  for (const engine of ['postgres', 'mysql'] as const) {
    try {
      await using database = await startDatabase(engine);
      await measure({ name: `two gatewayservers, ${engine}`, replicas: 2, database });
    } catch (error) {
      if (!(error instanceof MissingToolError)) throw error;
      say(`${engine} is not compared: ${error.message}`);
    }
  }
  say(
    '| from a last page to the next submission, polled at another replica | times | p50 ms | p99 ms | admitted a second | CPU µs each |',
  );
  say('| --- | ---: | ---: | ---: | ---: | ---: |');
  for (const row of rows) say(row);
  say('');
  say(`Admitted: what the gatewayservers alone do, and their CPU, for ${CLIENTS} clients with ${LIMIT} slots.\n`);
}

/** A client at each router, two where there is one, and one slot: each query's end is the next one's turn. */
async function wakeUps(suite: Suite): Promise<{ times: number; p50Ms: number; p99Ms: number }> {
  await using trino = await startScriptedTrino({
    script: ({ statement }) =>
      statement === STATEMENT
        ? { columns: [{ name: 'n', type: 'bigint' }], rows: [[1]], paging: 'short', runMs: RUN_MS }
        : undefined,
  });
  await suite.addBackends({ one: trino.url }, { maxRunningQueries: 1 });
  await suite.addGroup('g', ['one']);
  const [first = '', second = first] = suite.routers.map(({ url }) => url);
  // A new group is known to the other replica a moment later.
  for (const url of [first, second])
    await until('a first query to run', async () => (await runQuery(url, 'SELECT 1')).error === undefined);
  const options = { clients: 1, seconds: WAKE_UP_SECONDS, statement: STATEMENT };
  await Promise.all([first, second].map((url) => runLoad('queries', { url }, options)));
  const submissions = trino.requests
    .filter(({ method, path, body }) => method === 'POST' && path === '/v1/statement' && body === STATEMENT)
    .map(({ at }) => at);
  // The monitor's probes end there, too.
  const times = trino.queries
    .filter(({ statement }) => statement === STATEMENT)
    .flatMap(({ endedAt }) => {
      const next = submissions.find((at) => endedAt !== undefined && at >= endedAt);
      return endedAt === undefined || next === undefined ? [] : [next - endedAt];
    })
    .slice(NOT_COUNTED)
    .sort((a, b) => a - b);
  const at = (share: number) => times[Math.floor(times.length * share)] ?? Number.NaN;
  return { times: times.length, p50Ms: at(0.5), p99Ms: at(0.99) };
}
