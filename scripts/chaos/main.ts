// make chaos MINUTES=n: two gatewayservers on one database, two routers, a monitor and two scripted clusters, while everything
// is killed in turn. Ends with exit code 1 when one of the promises was broken. SEED repeats what was done, ENGINE chooses
// the database (postgres, mysql, mariadb), CLIENTS how many there are, RECORD=FILE appends the result to a document.
import { appendFile } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { admissionRows } from '@trino-gateway/e2e/chaos/admission-rows';
import { atRest, dismissTheAbsent } from '@trino-gateway/e2e/chaos/at-rest';
import { type ClientsOptions, runClients, type Seen } from '@trino-gateway/e2e/chaos/chaos-clients';
import { type ChaosCluster, startChaosCluster } from '@trino-gateway/e2e/chaos/chaos-cluster';
import { collectGarbage } from '@trino-gateway/e2e/chaos/collect-garbage';
import { disturb } from '@trino-gateway/e2e/chaos/disturb';
import { createLoggedErrors } from '@trino-gateway/e2e/chaos/logged-errors';
import { memoryAtRest, notePeaks, type Peaks } from '@trino-gateway/e2e/chaos/memory';
import { createRandom } from '@trino-gateway/e2e/chaos/random';
import { NotFetchedError } from '@trino-gateway/testing/databases/not-fetched';
import { ENGINES, type RunningDatabase, startDatabase } from '@trino-gateway/testing/databases/start-database';
import { until } from '@trino-gateway/testing/processes/until';
import { startSuite } from '@trino-gateway/testing/suite/suite';

const minutes = Number(process.env.MINUTES ?? 3);
const seed = Number(process.env.SEED ?? Math.floor(Math.random() * 2 ** 32));
const clients = Number(process.env.CLIENTS ?? 24);
const engine = ENGINES.find((name) => name === (process.env.ENGINE ?? 'postgres'));
if (!(minutes > 0) || !Number.isInteger(seed) || !(clients > 0) || engine === undefined) {
  console.error(
    `usage: MINUTES=n SEED=n CLIENTS=n ENGINE=${ENGINES.join('|')} [RECORD=FILE] node scripts/chaos/main.ts`,
  );
  process.exit(2);
}
const WARM_UP_MS = 20_000;
/** What has ended is remembered for ten minutes, that it is forgotten for fifteen more, and cleaned up every five. */
const FORGOTTEN_MS = 2_100_000;
const FIRST_LIMIT = 3;
const MOST_GROWTH = 1.2;
const LONG_RUN_MINUTES = 30;
/** A short run ends before what has ended is forgotten: so much is more to remember, and no leak. */
const REMEMBERED_MB = 40;
const MEMORY_LOOK_MS = 2_000;
const LOG_LOOK_MS = 300;

const lines: string[] = [];
const say = (line: string) => {
  lines.push(line);
  console.log(line);
};
const verdicts: { name: string; holds: boolean; text: string }[] = [];
const must = (name: string, holds: boolean, text: string) => void verdicts.push({ name, holds, text });

say(`## ${new Date().toISOString()} · ${minutes} minutes · SEED=${seed} · ${engine} · ${clients} clients`);
try {
  await using database = await startDatabase(engine);
  await run(database);
} catch (error) {
  if (error instanceof NotFetchedError) {
    console.log(`${engine}: ${error.message}\n0 passed, 0 failed, 1 skipped`);
    process.exit();
  }
  console.error(error);
  must('the run came to its end', false, error instanceof Error ? error.message : String(error));
}
for (const { name, holds, text } of verdicts) say(`- ${holds ? 'holds' : 'BROKEN'}: ${name}: ${text}`);
const failed = verdicts.filter(({ holds }) => !holds).length;
say(`${verdicts.length - failed} passed, ${failed} failed`);
if (process.env.RECORD) await appendFile(process.env.RECORD, `${lines.join('\n')}\n\n`);
process.exit(failed > 0 ? 1 : 0);

async function run(database: RunningDatabase): Promise<void> {
  const random = createRandom(seed);
  await using one = await startChaosCluster('one', random.fork());
  await using two = await startChaosCluster('two', random.fork());
  const clusters = [one, two];
  await using suite = await startSuite({
    databaseUrl: database.url,
    gatewayservers: 2,
    routers: 2,
    gatewayserver: { DEFAULT_GROUP: 'all' },
    router: { GATEWAYSERVER_WAIT: '30s' },
  });
  const call = <T>(method: string, body: unknown) => until(method, () => suite.call<T>(method, body), 120_000);
  const setLimit = async (id: string, limit: number) => {
    const url = clusters.find((cluster) => cluster.id === id)?.url;
    await call('BackendService/PutBackend', { backend: { id, url, maxRunningQueries: limit } });
  };
  for (const cluster of clusters) {
    cluster.limited(FIRST_LIMIT);
    await suite.addBackends({ [cluster.id]: cluster.url }, { maxRunningQueries: FIRST_LIMIT });
  }
  await suite.addGroup('all', ['one', 'two'], { queue: { whenUnavailable: 'QUEUE', fairShare: true } });
  const processes = [
    ...suite.gatewayservers.map((process, at) => ({ name: `gatewayserver ${at + 1}`, kind: 'gatewayserver', process })),
    ...suite.routers.map((process, at) => ({ name: `router ${at + 1}`, kind: 'router', process })),
    { name: 'monitor', kind: 'monitor', process: suite.monitor },
  ];

  const over = new AbortController();
  const options: ClientsOptions = {
    routers: suite.routers.map(({ url }) => url),
    clients,
    random: random.fork(),
    isAlive: (suffix) => clusters.some((cluster) => cluster.isAlive(suffix)),
    signal: over.signal,
  };
  const running = runClients(options);
  await delay(WARM_UP_MS);
  // The start is the first half: those that were killed a moment ago have less than they need.
  const before: Peaks = new Map();
  const looking = setInterval(() => notePeaks(before, processes), MEMORY_LOOK_MS);
  const errors = createLoggedErrors(processes);
  const listening = setInterval(errors.look, LOG_LOOK_MS);
  const halfTime = setTimeout(() => clearInterval(looking), (minutes * 60_000) / 2);
  const stop = AbortSignal.timeout(minutes * 60_000);
  const began = performance.now();
  const sayWhen = (line: string) =>
    console.log(`${((performance.now() - began) / 1_000).toFixed(0).padStart(5)} s  ${line}`);
  const unclean: string[] = [];
  const stage = {
    processes,
    clusters,
    database,
    setLimit,
    hold: () => call<void>('QueueService/HoldGroup', { id: 'all' }),
    release: () => call<void>('QueueService/ReleaseGroup', { id: 'all' }),
    complain: (text: string) => void unclean.push(text),
  };
  const done = await disturb(stage, random.fork(), stop, sayWhen);
  over.abort();
  const seen = await running;
  say(`done: ${counted(done)}`);
  say(`clients saw: ${counted(seen.outcomes)}; errors: ${counted(seen.errors) || 'none'}`);
  await dismissTheAbsent(suite);
  const rest = await atRest(suite, clusters, database);
  await judge(clusters, seen, rest, database);
  const stops = `${done.get('restart') ?? 0} times`;
  clearInterval(listening);
  const unforeseen = errors.lines();
  const some = unforeseen.slice(0, 3).join('; ');
  must('no process logged an error', unforeseen.length === 0, `${unforeseen.length} errors ${some}`);
  must('no process ended but when and as it was asked to', unclean.length === 0, unclean.join('; ') || stops);
  clearTimeout(halfTime);
  clearInterval(looking);
  const allowance = minutes < LONG_RUN_MINUTES ? REMEMBERED_MB : 0;
  const first = (kind: string) => before.get(kind) ?? 0;
  const bound = (kind: string) => first(kind) * MOST_GROWTH + allowance;
  for (const { process } of processes) await collectGarbage(process);
  for (const [kind, last] of await memoryAtRest(processes, bound)) {
    const text = `at most ${first(kind).toFixed(0)} MB in the first half, ${last.toFixed(0)} MB at the end`;
    must(`memory of a ${kind}`, last <= bound(kind), text);
  }
}

async function judge(
  clusters: readonly ChaosCluster[],
  seen: Seen,
  rest: string | undefined,
  database: RunningDatabase,
): Promise<void> {
  const begun = clusters.flatMap((cluster) => cluster.begun);
  const twice = [...Map.groupBy(begun, (number) => number)].filter(([, times]) => times.length > 1);
  const excesses = clusters.flatMap((cluster) => cluster.excesses);
  const marks = clusters.map(({ id, highWaterMark }) => `${id} ${highWaterMark}`).join(', ');
  const of = (map: ReadonlyMap<string, number>, key: string) => map.get(key) ?? 0;
  must(
    'no cluster got more than its limit',
    excesses.length === 0,
    excesses.slice(0, 3).join('; ') || `at most ${marks}`,
  );
  must('no statement ran twice', twice.length === 0, `${begun.length} began; ${twice.length} more than once`);
  must(
    'every client that stayed got its own result, and nobody lost a place or a link',
    seen.complaints.length === 0,
    seen.complaints.slice(0, 3).join('; ') || 'all',
  );
  must('something was done at all', of(seen.outcomes, 'right') > 10, `${of(seen.outcomes, 'right')} right results`);
  must('all counts are zero within a quiet minute', rest === undefined, rest ?? 'all');
  let rows = await admissionRows(database.url);
  if (minutes >= LONG_RUN_MINUTES) {
    const forgotten = async () => {
      rows = await admissionRows(database.url);
      return rows.open + rows.remembered + rows.sealed === 0;
    };
    await until('all rows to be forgotten', forgotten, FORGOTTEN_MS).catch(() => {});
    const left = rows.open + rows.remembered + rows.sealed;
    must('no row remains', left === 0, JSON.stringify(rows));
  } else must('no open row remains', rows.open === 0, JSON.stringify(rows));
}

function counted(map: ReadonlyMap<string, number>): string {
  return [...map]
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, count]) => `${key} ${count}`)
    .join(', ');
}
