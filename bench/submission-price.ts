// node bench/submission-price.ts [SECONDS] [QUERIES A SECOND]: what one short query costs between router and gatewayserver: the decision,
// its row of history, its part of the reports. The router's end of the control plane runs in this process, without a data path,
// so that its CPU is that of the control plane. PROFILE=1 prints where both spend it, as Markdown; that raises the cost.
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { Session } from 'node:inspector/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { create } from '@bufbuild/protobuf';
import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import { HeaderSchema, Query_RequestFactsSchema, Query_State, QuerySchema } from '@trino-gateway/api/gateway';
import { type ControlPlane, startControlPlane } from '@trino-gateway/router/control-plane/control-plane';
import { followConfiguration } from '@trino-gateway/router/control-plane/follow-configuration';
import { carriedOnOneStream } from '@trino-gateway/router/control-plane/uplink';
import { createGatewayTransport, createLogger } from '@trino-gateway/runtime';
import { cpuSeconds, residentMb } from '@trino-gateway/testing/processes/process-cost';
import { until } from '@trino-gateway/testing/processes/until';
import { startSuite } from '@trino-gateway/testing/suite/suite';
import { startNodeCoordinator } from './contenders/coordinators.ts';
import { monotonicMicros, type ProfileWindow, profileTables, summarise } from './profile-summary.ts';

const SECONDS = Number(process.argv[2] ?? 10);
/** Fixed, so that what is compared has the same number of queries in a turn of the event loop. */
const RATE = Number(process.argv[3] ?? 500);
const PROFILE = process.env.PROFILE === '1';
const WARM_SECONDS = 3;
/** Between the pages of a query: it lives for up to twice as long. */
const PAGE_MS = 4;
const MOST_FUNCTIONS = 40;

const say = (line: string) => process.stdout.write(`${line}\n`);
const folder = await mkdtemp(join(tmpdir(), 'bench-price-'));
const profiles = join(folder, 'profiles');
const HEADERS = [
  ['X-Trino-User', 'bench'],
  ['X-Trino-Source', 'trino-cli'],
  ['X-Trino-Client-Info', 'bench'],
  ['User-Agent', 'StatementClientV1/476'],
].map(([name = '', value = '']) => create(HeaderSchema, { name, value }));

let lastQuery = 0;
await mkdir(profiles);

try {
  const window = await measure();
  for (const file of PROFILE ? await readdir(profiles) : []) tell(file, window);
} finally {
  await rm(folder, { recursive: true, force: true });
}

async function measure(): Promise<ProfileWindow> {
  await using coordinator = await startNodeCoordinator(['--rows', '1']);
  await using suite = await startSuite({
    gatewayserver: { DEFAULT_GROUP: 'all' },
    nodeOptions: { gatewayserver: PROFILE ? `--cpu-prof --cpu-prof-interval=500 --cpu-prof-dir=${profiles}` : '' },
  });
  await suite.addBackends({ one: coordinator.url });
  await suite.addGroup('all', ['one']);
  const { pid } = suite.gatewayserver;
  const idle = cpuSeconds([pid]);
  await sleep(2_000);
  const idlePerSecond = (cpuSeconds([pid]) - idle) / 2;
  await using router = await startRouterEnd(suite.gatewayserver.url);
  await load(router, WARM_SECONDS); // compiled, and caches filled
  const session = new Session();
  if (PROFILE) await startProfile(session);
  const from = monotonicMicros();
  const before = { gatewayserver: cpuSeconds([pid]), router: cpuSeconds([process.pid]) };
  const queries = await load(router, SECONDS);
  await until('all history is stored', () => router.history.backlog() === 0);
  const gatewayserver = cpuSeconds([pid]) - before.gatewayserver;
  const ours = cpuSeconds([process.pid]) - before.router;
  const window = { from, until: monotonicMicros() };
  if (PROFILE) await endProfile(session);
  const each = (seconds: number) => `${((seconds / queries) * 1_000_000).toFixed(0)} µs`;
  say(
    `${queries} queries, ${RATE}/s: gatewayserver ${each(gatewayserver)}, router's end ${each(ours)} ` +
      `(with the load itself); gatewayserver at rest ${(idlePerSecond * 1_000).toFixed(0)} ms/s, now ${residentMb(pid).toFixed(0)} MB`,
  );
  return window;
}

async function startRouterEnd(gatewayserverUrl: string): Promise<ControlPlane> {
  const logger = createLogger('router', 'warn');
  const connection = createGatewayTransport({ urls: [gatewayserverUrl], timeLimitMs: 5_000 });
  const transport = carriedOnOneStream(connection);
  const router = startControlPlane({
    config: { history_backlog: 100_000, gatewayserver_wait: 10_000 },
    transport,
    routerId: 'bench',
    follow: (following) =>
      followConfiguration({ ...following, transport, stateFile: join(folder, 'router.json'), hasToken: false, logger }),
    onRouted: () => {},
    logger,
  });
  const isKnown = () => router.gateway.notReady() === undefined && router.gateway.backends().has('one');
  await until('the configuration has come', isKnown);
  return Object.assign(router, {
    [Symbol.asyncDispose]: async () => {
      await router.gateway[Symbol.asyncDispose]();
      await router.history[Symbol.asyncDispose]();
      transport[Symbol.dispose]();
      connection[Symbol.dispose]();
    },
  });
}

/** Queries that begin at the rate, polled and read to their end; how many they were. */
async function load(router: ControlPlane, seconds: number): Promise<number> {
  const began = performance.now();
  const underWay: Promise<void>[] = [];
  while (underWay.length < RATE * seconds) {
    const early = began + (underWay.length * 1_000) / RATE - performance.now();
    if (early > 0) await sleep(early);
    underWay.push(shortQuery(router));
  }
  await Promise.all(underWay);
  return underWay.length;
}

async function shortQuery({ gateway, live }: ControlPlane): Promise<void> {
  lastQuery += 1;
  const trinoQueryId = `20261121_080808_${lastQuery}_93wed`;
  const submissionId = `submission-${lastQuery}`;
  const host = '127.0.0.1:8080';
  const submittedAt = timestampFromMs(Date.now());
  const { decision } = await gateway.route(
    {
      ...{ submissionId, listeningPort: 8080, host, headers: HEADERS, statement: 'SELECT 1', user: 'bench' },
      ...{ clientIp: '127.0.0.1', boundBackendId: '', excludedBackendIds: [], avoidedBackendIds: [] },
    },
    new AbortController().signal,
  );
  if (decision === undefined) throw new Error('a query was refused');
  const { backendId, groupId, decidedBy } = decision;
  await sleep(Math.random() * PAGE_MS);
  live.started(
    create(QuerySchema, {
      ...{ id: trinoQueryId, trinoQueryId, text: 'SELECT 1', user: 'bench', source: 'trino-cli', submittedAt },
      ...{ clientIp: '127.0.0.1', backendId, groupId, decidedBy, state: Query_State.QUEUED },
      request: create(Query_RequestFactsSchema, { listeningPort: 8080, host }),
    }),
  );
  gateway.settle(submissionId);
  live.seen(trinoQueryId);
  await sleep(Math.random() * PAGE_MS);
  live.seen(trinoQueryId);
  live.running(trinoQueryId);
  live.ended(trinoQueryId, { state: Query_State.FINISHED });
}

async function startProfile(session: Session): Promise<void> {
  session.connect();
  await session.post('Profiler.enable');
  await session.post('Profiler.setSamplingInterval', { interval: 500 });
  await session.post('Profiler.start');
}

async function endProfile(session: Session): Promise<void> {
  const { profile } = await session.post('Profiler.stop');
  await writeFile(join(profiles, "router's end"), JSON.stringify(profile));
}

function tell(file: string, window: ProfileWindow): void {
  const summary = summarise(join(profiles, file), window, MOST_FUNCTIONS);
  if (summary.busyMs < 100) return; // a thread that does something else
  say(`\n## ${file.startsWith('CPU') ? 'gatewayserver' : file}: ${summary.busyMs.toFixed(0)} ms busy`);
  for (const line of profileTables(summary)) say(line);
}
