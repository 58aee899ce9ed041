import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { type RunningDatabase, startDatabase } from '@trino-gateway/testing/databases/start-database';
import { until } from '@trino-gateway/testing/processes/until';
import { gatewayCall } from '@trino-gateway/testing/suite/gateway-calls';
import { type Suite, startSuite } from '@trino-gateway/testing/suite/suite';
import { MissingToolError } from '@trino-gateway/testing/toolchains/missing-tool';
import type { Coordinator } from '@trino-gateway/testing/trino/coordinator';
import { runStatement } from '@trino-gateway/testing/trino-client/run-statement';
import { createDrainClients, type DrainClients } from '../support/drain-clients.ts';
import { createRandom } from '../support/random.ts';
import { isSample } from '../support/sample.ts';
import { arrivedSince, CLIENT_TIMEOUT, startDrainingCluster, unfinished } from './draining-cluster.ts';

// Two real clusters behind two routers and two gatewayservers, and 200 statements of five kinds on their way while one cluster drains: a
// hundred in a sample.
const EACH = isSample ? 20 : 40;
const DRAINED_WITHIN_MS = 240_000;
const random = createRandom(Number(process.env.SEED ?? 1));
const say = (line: string) => void process.stderr.write(`${line}\n`);

type DrainStatus = {
  drained?: boolean;
  sealed?: boolean;
  remaining?: { kind: string; count: number; text?: string }[];
};

let one: Coordinator;
let two: Coordinator;
let database: RunningDatabase | undefined;
let suite: Suite;
let clients: DrainClients;
/** They go on and on, and ask for everything that a sealed cluster must not get. */
let newcomers: DrainClients;

beforeAll(async () => {
  const starting = (async () => {
    one = await startDrainingCluster('one');
    two = await startDrainingCluster('two');
  })();
  try {
    database = await startDatabase('postgres');
  } catch (error) {
    if (!(error instanceof MissingToolError)) throw error; // then one gatewayserver, on SQLite
  }
  await starting;
  suite = await startSuite({
    ...(database && { gatewayservers: 2, databaseUrl: database.url }),
    routers: 2,
    gatewayserver: { DEFAULT_GROUP: 'all', DRAIN_CLIENT_TIMEOUT: CLIENT_TIMEOUT },
    // So many clients keep a busy machine from answering probes in time.
    monitor: { PROBE_TIME_LIMIT: '60s', FAILURES_BEFORE_UNHEALTHY: '100' },
    router: { GATEWAYSERVER_WAIT: '60s', SUBMIT_TIME_LIMIT: '60s' },
  });
  await suite.addBackends({ one: one.url, two: two.url });
  await suite.addGroup('all', ['one', 'two'], { strategy: 'ROUND_ROBIN' });
  await suite.addGroup('narrow', ['one', 'two'], { maxRunningQueriesPerBackend: 2 });
  await suite.addGroup('direct', ['one']);
  for (const groupId of ['narrow', 'direct'])
    await suite.call('PolicyService/PutPolicy', { policy: { id: groupId, clientTags: { anyOf: [groupId] }, groupId } });
  const urls = suite.routers.map(({ url }) => url);
  [clients, newcomers] = [createDrainClients(urls, random), createDrainClients(urls, random)];
  const tags = { 'x-trino-client-tags': 'direct' };
  for (const { url } of suite.routers) {
    const isKnown = async () =>
      (await clients.run('SELECT 1', { url, headers: tags }))?.id.endsWith(await suffixOf(one));
    await until('the policies to be known', isKnown);
  }
}, 600_000);

afterAll(async () => {
  await suite?.[Symbol.asyncDispose]();
  await Promise.all([one?.stop(), two?.stop(), database?.[Symbol.asyncDispose]()]);
}, 120_000);

test('case 76: drained is not said while anything of so many statements is unfinished, is said in the end, and nothing comes after it', async () => {
  const suffix = await suffixOf(one);
  const work = await startWork(suffix);
  const stop = new AbortController();
  const going = Promise.all([1, 2, 3].map(() => keepComing(suffix, stop.signal)));
  await suite.call('BackendService/DrainBackend', { id: 'one' });
  const drainedAt = untilDrained(suffix);
  await delay(3_000);
  await Promise.all([suite.gatewayserver.kill(), suite.monitor.kill()]);
  await delay(1_500);
  await Promise.all([suite.gatewayserver.start(), suite.monitor.start()]);
  const { at, waitedFor, late } = await drainedAt;
  const left = await unfinished(one);
  expect({ waitedFor, left }).toEqual({ waitedFor: [], left: [] });
  await delay(3_000); // newcomers come all the while
  stop.abort();
  await going;
  await Promise.all(work);
  expect(late).toEqual([]);
  expect(await arrivedSince(one, at)).toEqual([]);
  expect(await statusOf(0)).toMatchObject({ drained: true, sealed: true });
  expect(clients.failures.filter(isOfBusyMachine)).toEqual(clients.failures);
  // What is killed at a sealed cluster is refused.
  const refused = newcomers.failures.filter((failure) => !failure.startsWith('CALL'));
  expect(refused.filter(isOfBusyMachine)).toEqual(refused);

  await one.kill();
  one = await startDrainingCluster('one', one.port);
  await suite.call('BackendService/EnableBackend', { id: 'one' });
  const after = await suffixOf(one);
  expect(after).not.toBe(suffix);
  const takesQueries = async () => (await newcomers.run('SELECT 1'))?.id.endsWith(after);
  await until('the next incarnation to take queries', takesQueries, 60_000);
}, 900_000);

/** Clients that come to poll too late, and a cluster that answers too late: both know that their statement is lost. */
const isOfBusyMachine = (failure: string) => /ABANDONED_QUERY|UNKNOWN_TRANSACTION|no answer within/.test(failure);

/** 200 statements of five kinds on their way, all of them known to some cluster or the queue. */
async function startWork(suffix: string): Promise<Promise<unknown>[]> {
  const each = <T>(start: (number: number) => T): T[] => Array.from({ length: EACH }, (_, number) => start(number));
  const begun = new Set<string>();
  clients.onPage = (id) => void begun.add(id);
  const pauseMs = () => random.whole(0, 1_500);
  const tagged = (tag: string) => ({ 'x-trino-client-tags': tag });
  const backend = { id: 'one', url: one.url };
  await suite.call('BackendService/PutBackend', { backend: { ...backend, forwarding: 'DIRECT' } });
  for (const { url } of suite.routers)
    await until('routers to send clients to the cluster itself', async () => {
      const page = await fetch(`${url}/v1/statement`, {
        method: 'POST',
        headers: { 'x-trino-user': 'e2e', ...tagged('direct') },
        body: 'SELECT 1',
      });
      return ((await page.json()) as { nextUri: string }).nextUri.startsWith(one.url);
    });
  const direct = each((number) =>
    clients.run(`SELECT * FROM tpch.tiny.orders /* direct ${number} */`, { headers: tagged('direct'), pauseMs }),
  );
  await until('the direct ones to begin', () => begun.size >= EACH);
  await suite.call('BackendService/PutBackend', { backend: { ...backend, forwarding: 'PROXY' } });
  const others = each((number) => [
    clients.run(`SELECT * FROM tpch.tiny.orders /* running ${number} */`, { pauseMs }),
    clients.run(`SELECT count(*) FROM tpch.tiny.nation /* waiting ${number} */`, { headers: tagged('narrow') }),
    clients.transaction(number),
    number % 4 === 0
      ? clients.run('START TRANSACTION', { headers: { 'x-trino-transaction-id': 'NONE' } })
      : clients.run(`SELECT * FROM tpch.tiny.orders /* vanished ${number} */`, { pages: 1 + (number % 5) }),
  ]);
  await until('half of them to begin', () => begun.size > 2.5 * EACH);
  say(
    `${clients.waitedFor(suffix).length + clients.polling(suffix).length} of ${5 * EACH} are at the cluster that is drained`,
  );
  return [...direct, ...others.flat()];
}

/** Submits, kills and begins transactions, until it is told to stop. */
async function keepComing(suffix: string, stop: AbortSignal): Promise<void> {
  for (let number = 0; !stop.aborted; number += 1) {
    const page = await newcomers.run(`SELECT ${number}`);
    const id = page?.id.endsWith(suffix) ? page.id : `20260101_000000_00000_${suffix}`;
    await newcomers.run(`CALL system.runtime.kill_query('${id}', 'no longer needed')`);
    await newcomers.transaction(number);
    await delay(100);
  }
}

/** The moment at which it was first said, and what clients knew then. */
async function untilDrained(suffix: string) {
  const from = Date.now();
  const seen = new Map<string, number>();
  for (let turn = 0; Date.now() - from < DRAINED_WITHIN_MS; turn += 1) {
    const status = await statusOf(turn).catch((): DrainStatus => ({}));
    for (const { kind, count } of status.remaining ?? []) seen.set(kind, Math.max(count, seen.get(kind) ?? 0));
    if (status.drained) {
      const late: string[] = [];
      for (const some of [clients, newcomers]) some.onPage = (id) => void (id.endsWith(suffix) && late.push(id));
      const waitedFor = [clients, newcomers].flatMap((some) => some.waitedFor(suffix));
      say(`drained after ${Date.now() - from} ms; the most that remained: ${JSON.stringify([...seen])}`);
      return { at: Date.now(), waitedFor, late };
    }
    await delay(20);
  }
  const last = await statusOf(0);
  throw new Error(`not drained in time: ${JSON.stringify(last)}`);
}

const statusOf = (turn: number) => {
  const { gatewayservers } = suite;
  const { url } = gatewayservers[turn % gatewayservers.length] ?? suite.gatewayserver;
  return gatewayCall(url)<DrainStatus>('BackendService/GetDrainStatus', { id: 'one', waitMs: 300 });
};

const suffixOf = async ({ url }: Coordinator) =>
  (await runStatement(url, 'SELECT 1', { user: 'e2e-looks' })).id.slice(-5);
