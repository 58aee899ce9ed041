import { expect, test } from '@jest/globals';
import { startScriptedTrino } from '@trino-gateway/testing';
import { until } from '@trino-gateway/testing/processes/until';
import { startSuite } from '@trino-gateway/testing/suite/suite';
import type { Page } from '@trino-gateway/testing/trino-client/page';
import { highWaterMark } from '../support/high-water-mark.ts';

const LIMIT_MS = 300_000;
const CLIENTS = 12;
const SLOTS = 2;

/** Nobody there, or an idle connection that was closed in the moment it was used again: every Trino client repeats such a request. */
const NOT_HEARD = new Set(['ECONNREFUSED', 'ECONNRESET', 'UND_ERR_SOCKET']);

/** Behind a balancer: a request that a router does not answer goes to the next one; anything else that goes wrong is an error. */
async function ask(routers: readonly string[], path: string, init: RequestInit = {}): Promise<Page> {
  for (let attempt = 0; ; attempt++) {
    const url = `${routers[attempt % routers.length]}${path}`;
    try {
      const answer = await fetch(url, {
        headers: { 'x-trino-user': 'e2e' },
        ...init,
        signal: AbortSignal.timeout(60_000),
      });
      if (!answer.ok) throw new Error(`HTTP ${answer.status}: ${await answer.text()}`);
      return (await answer.json()) as Page;
    } catch (error) {
      const { code } = ((error as Error).cause ?? {}) as { code?: string };
      if (!NOT_HEARD.has(code ?? '') || attempt > 1_000) throw error;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
}

test(
  'a rolling restart of all replicas under load loses no query, runs none twice and keeps the limits',
  async () => {
    await using trino = await startScriptedTrino();
    trino.when(/^SELECT load/, ({ statement }) => ({
      runMs: 100,
      columns: [{ name: 'n', type: 'varchar' }],
      rows: [[statement]],
    }));
    await using suite = await startSuite({
      gatewayservers: 2,
      routers: 2,
      gatewayserver: { DEFAULT_GROUP: 'all' },
      router: { GATEWAYSERVER_WAIT: '60s', SUBMIT_TIME_LIMIT: '60s' },
    });
    await suite.addBackends({ one: trino.url }, { maxRunningQueries: SLOTS });
    await suite.addGroup('all', ['one']);

    const routers = suite.routers.map(({ url }) => url);
    const wrong: string[] = [];
    let waited = 0;
    let submitted = 0;
    let isOver = false;
    const one = async (client: number) => {
      const mine = client % 2 === 0 ? routers : routers.toReversed();
      while (!isOver) {
        const statement = `SELECT load ${submitted++}`;
        let page = await ask(mine, '/v1/statement', { method: 'POST', body: statement });
        const firstId = page.id;
        const rows: unknown[][] = [...(page.data ?? [])];
        while (page.nextUri !== undefined) {
          page = await ask(mine, new URL(page.nextUri).pathname);
          rows.push(...(page.data ?? []));
        }
        if (page.id !== firstId) waited++;
        if (JSON.stringify(rows) !== JSON.stringify([[statement]]))
          wrong.push(`${statement}: ${page.error?.message ?? JSON.stringify(rows)}`);
      }
    };
    const clients = Array.from({ length: CLIENTS }, (_, client) => one(client));
    const load = Promise.all(clients);
    load.catch(() => {}); // said below

    const ended = () => trino.queries.filter(({ state }) => state === 'FINISHED').length;
    for (const replica of [...suite.gatewayservers, ...suite.routers, suite.monitor]) {
      const before = ended();
      await until('queries to pass', () => ended() >= before + CLIENTS);
      expect(await replica.stop()).toEqual({ code: 0, signal: null });
      await replica.start();
    }
    const before = ended();
    await until('queries to pass', () => ended() >= before + CLIENTS);
    isOver = true;
    await load;

    expect(wrong).toEqual([]);
    expect(waited).toBeGreaterThan(CLIENTS);
    const ran = trino.queries.filter(({ statement }) => statement.startsWith('SELECT load'));
    const times = Map.groupBy(ran, ({ statement }) => statement);
    expect([...times.values()].filter((queries) => queries.length > 1)).toEqual([]);
    expect(times.size).toBe(submitted);
    await until('all slots to be free and nobody to wait', async () => {
      const { groups } = await suite.call<{ groups: { queued?: number; running?: number }[] }>(
        'QueueService/GetQueueStats',
        {},
      );
      return groups.every(({ queued = 0, running = 0 }) => queued + running === 0);
    });
    expect(highWaterMark(ran.map(({ startedAt = 0, endedAt }) => ({ from: startedAt, to: endedAt })))).toBe(SLOTS);
  },
  LIMIT_MS,
);
