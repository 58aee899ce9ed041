import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { until } from '@trino-gateway/testing/processes/until';
import type { OpenQuery } from '@trino-gateway/testing/trino-client/open-query';
import { runQuery } from '@trino-gateway/testing/trino-client/run-query';
import { createRandom } from '../support/random.ts';
import { askCluster, numberOf, type QueuedBed, startQueuedBed } from './queued-bed.ts';

// Statements that wait for the slots of a real cluster, and the ids their clients see.
const LIMIT_MS = 300_000;
const LONG = 'SELECT count(*) FROM tpch.sf100.lineitem';
const as = { 'x-trino-user': 'e2e' };
const say = (line: string) => void process.stderr.write(`${line}\n`);
let bed: QueuedBed;
/** Posted at the beginning, and never asked for. */
let neverPolled: { id: string; nextUri: string };
let postedAt: number;

beforeAll(async () => {
  bed = await startQueuedBed();
  const { url } = bed.suite.router;
  await until('a first query to run', async () => (await runQuery(url, 'SELECT 1')).error === undefined);
  await bed.untilAtRest();
  const answer = await fetch(`${url}/v1/statement`, {
    method: 'POST',
    headers: { ...as, 'x-trino-client-tags': 'other' },
    body: 'SELECT 56',
  });
  neverPolled = (await answer.json()) as typeof neverPolled;
  postedAt = Date.now();
}, 900_000);

afterAll(async () => {
  await bed?.[Symbol.asyncDispose]();
}, 60_000);

const other = () => bed.suite.routers[1]?.url ?? '';

/** Submitted under an id of the gateway's, and now running under another. */
async function runsAfterWaiting(statement: string): Promise<OpenQuery> {
  const first = await bed.hold();
  const waiting = await bed.wait(statement);
  await waiting.poll();
  await first.cancel();
  await until('it to run', async () => (await waiting.poll()).stats.state === 'RUNNING', LIMIT_MS, 0);
  return waiting;
}

const call = (path: string, init: RequestInit) => fetch(other() + path, { headers: as, ...init });
const kill = (id: string) => ({ method: 'POST', body: `CALL system.runtime.kill_query('${id}', 'm')` });

test.each<[string, string, (id: string) => Promise<unknown>]>([
  ['DELETE /v1/query/{id}', 'USER_CANCELED', (id) => call(`/v1/query/${id}`, { method: 'DELETE' })],
  ['PUT /v1/query/{id}/killed', 'ADMINISTRATIVELY_KILLED', (id) => call(`/v1/query/${id}/killed`, { method: 'PUT' })],
  [
    'kill_query, which the policies lead to another cluster',
    'ADMINISTRATIVELY_KILLED',
    (id) => runQuery(other(), kill(id).body, { headers: { 'x-trino-client-tags': 'other' } }),
  ],
])(
  'case 53: by the id from before its wait a running query is ended, at its cluster, through another router: %s',
  async (_what, errorName, end) => {
    const query = await runsAfterWaiting(LONG);
    expect(query.page.id).not.toBe(query.id);
    await end(query.id);
    expect((await query.finish()).error).toMatchObject({ errorName });
    expect(await askCluster(bed.clusters.one, query.page.id)).toMatchObject({ state: 'FAILED', error: errorName });
    expect(await askCluster(bed.clusters.two, query.page.id)).toBeUndefined();
  },
  LIMIT_MS,
);

test(
  'case 62: the id from before its wait leads to the query after its end, in the API and the web UI',
  async () => {
    const first = await bed.hold();
    const query = await bed.wait("SELECT 'waited'");
    await first.cancel();
    expect(await query.finish()).toMatchObject({ stats: { state: 'FINISHED' } });
    const { id } = query.page;
    for (const { url } of bed.suite.routers) {
      // The other gatewayserver has heard of its start a moment later.
      await until('its page of the cluster', async () => {
        const info = await fetch(`${url}/v1/query/${query.id}`, { headers: as });
        return ((await info.json()) as { queryId?: string }).queryId === id;
      });
      const page = await fetch(`${url}/ui/query.html?${query.id}`, { redirect: 'manual' });
      expect([page.status, page.headers.get('location')]).toEqual([
        expect.any(Number),
        expect.stringContaining(`/ui/query.html?${id}`),
      ]);
    }
    const row = await until('its row', () =>
      bed.suite.call<{ trinoQueryId?: string }>('QueryService/GetQuery', { id: query.id }),
    );
    expect(row).toMatchObject({ id: query.id, trinoQueryId: id });
  },
  LIMIT_MS,
);

test(
  'case 55: a DELETE that races with the slot never leaves its statement running at a cluster, nor a slot taken',
  async () => {
    const random = createRandom(numberOf('SEED', 55));
    const races = numberOf('RACES', 30);
    const ended = new Map<string, number>();
    const ids: string[] = [];
    for (let race = 0; race < races; race += 1) {
      const first = await bed.hold();
      const statement = `${LONG} /* race ${race} */`;
      const waiting = await bed.wait(statement);
      const polling = (async () => {
        // Until it runs: a client whose query runs would cancel by another link.
        while (waiting.page.id === waiting.id && waiting.page.nextUri !== undefined) await waiting.poll();
      })();
      const link = waiting.page.nextUri ?? '';
      const cancelled = (async () => {
        await pause(random.whole(0, 50));
        return (await fetch(link, { method: 'DELETE', headers: as })).status;
      })();
      await first.cancel();
      expect(await cancelled).toBe(204);
      await polling;
      const { error } = await waiting.finish();
      expect([statement, error?.errorName]).toEqual([statement, 'USER_CANCELED']);
      const where = waiting.page.id === waiting.id ? 'in the queue' : 'at the cluster';
      ended.set(where, (ended.get(where) ?? 0) + 1);
      ids.push(waiting.page.id);
    }
    say(`${races} races: cancelled ${[...ended].map(([where, count]) => `${count} ${where}`).join(', ')}`);
    const states = await Promise.all(ids.map((id) => askCluster(bed.clusters.one, id)));
    expect(states.filter((seen) => seen !== undefined && seen.error !== 'USER_CANCELED')).toEqual([]);
  },
  30 * LIMIT_MS,
);

test(
  'case 56: a statement that is posted and never polled is no query of the cluster, and its slot becomes free',
  async () => {
    await bed.untilAtRest('two');
    say(
      `the slot of a statement that nobody polled was free ${Math.round((Date.now() - postedAt) / 1_000)} s after it`,
    );
    expect(await askCluster(bed.clusters.two, neverPolled.id)).toBeUndefined();
  },
  LIMIT_MS,
);

test(
  'case 58: 50 that run and 50 that wait go on after gatewayserver and router were killed, none twice',
  async () => {
    await bed.limit(50);
    const statement = (number: number) => `SELECT count(*) FROM tpch.tiny.orders /* waits ${number} */`;
    const numbers = Array.from({ length: 50 }, (_, number) => number);
    const running = await Promise.all(numbers.map(() => bed.hold()));
    const waiting: OpenQuery[] = [];
    for (const number of numbers) waiting.push(await bed.wait(statement(number)));
    expect(await bed.queued()).toBe(50);
    await Promise.all([bed.suite.gatewayserver.kill(), bed.suite.router.kill()]);
    await Promise.all([bed.suite.gatewayserver.start(), bed.suite.router.start()]);
    const ends = await Promise.all([...running, ...waiting].map((query) => query.finish()));
    expect(ends.map(({ stats, error }) => error?.message ?? stats.state)).toEqual(Array(100).fill('FINISHED'));
    await bed.untilAtRest();
    const began = await statementsOf(bed.clusters.one.url, '/* waits ');
    expect(began.sort()).toEqual(numbers.map(statement).sort());
  },
  LIMIT_MS,
);

/** The statements with this text that a cluster says it has run. */
async function statementsOf(url: string, part: string): Promise<string[]> {
  const list = `SELECT query FROM system.runtime.queries WHERE query LIKE '%${part}%' AND query NOT LIKE '%runtime.queries%'`;
  return (await runQuery(url, list)).rows.map(([query]) => String(query));
}

test(
  'case 59, 60: behind a balancer without cookies all statements of two users succeed, and the one of the second is not at the end',
  async () => {
    await bed.limit(4);
    const count = numberOf('STATEMENTS', 60);
    const ended: string[] = [];
    const run = async (user: string, number: number) => {
      const { rows, error } = await runQuery(bed.balancer.url, `SELECT ${number}`, { user, retryForMs: 60_000 });
      ended.push(user);
      return error?.message ?? rows[0]?.[0];
    };
    const many = Array.from({ length: count }, (_, number) => run('many', number));
    await until('most of them to wait', async () => (await bed.queued()) > count * 0.7, LIMIT_MS);
    const one = await run('one', -1);
    const before = ended.length;
    say(`the one statement of the second user ended as number ${before} of ${count + 1}`);
    expect(one).toBe(-1);
    expect(await Promise.all(many)).toEqual(many.map((_, number) => number));
    expect(before).toBeLessThan(count / 2);
    await bed.untilAtRest();
  },
  5 * LIMIT_MS,
);
