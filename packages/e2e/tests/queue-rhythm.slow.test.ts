import { setTimeout as pause } from 'node:timers/promises';
import { expect, test } from '@jest/globals';
import { startScriptedTrino } from '@trino-gateway/testing';
import { until } from '@trino-gateway/testing/processes/until';
import { type Suite, startSuite } from '@trino-gateway/testing/suite/suite';
import { type OpenQuery, openQuery } from '@trino-gateway/testing/trino-client/open-query';

// Clients differ in how often they poll: some ask again at once, those of Hue and C# after up to five seconds.

const LIMIT_MS = 240_000;
const PAUSE_MS = 5_000;
/** So long may a client that has gone delay the next one: six seconds after its last poll, or two after it was offered a slot. */
const BOUND_MS = 8_000;
/** What this machine may take for the rest. */
const PATIENCE_MS = 4_000;

type Line = AsyncDisposable & {
  suite: Suite;
  /** Takes the slot. Answers what frees it. */
  take(): Promise<() => void>;
  /** The statements that wait for it, in the order in which the cluster began them. */
  begun(): string[];
};

/** Two routers and two gatewayservers in front of a cluster with one slot, whose queries take so long. */
async function startLine(runMs: number): Promise<Line> {
  await using started = new AsyncDisposableStack();
  const trino = started.use(await startScriptedTrino());
  const columns = [{ name: 'n', type: 'bigint' }];
  trino.when(/^SELECT held/, { runMs: Number.POSITIVE_INFINITY, columns, rows: [[7]] });
  trino.when(/^SELECT short/, { runMs, columns, rows: [[7]] });
  const suite = started.use(
    await startSuite({ routers: 2, gatewayservers: 2, gatewayserver: { DEFAULT_GROUP: 'all' } }),
  );
  await suite.addBackends({ one: trino.url }, { maxRunningQueries: 1 });
  await suite.addGroup('all', ['one']);
  const owned = started.move();
  return {
    suite,
    take: async () => {
      const { id, finish } = await openQuery(suite.router.url, 'SELECT held');
      void finish();
      const held = await until('the slot to be taken', () =>
        trino.queries.find((query) => query.id === id && query.state === 'RUNNING'),
      );
      return () => held.finishEarly();
    },
    begun: () => trino.queries.map(({ statement }) => statement).filter((text) => text.startsWith('SELECT short')),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

async function pollSlowly(query: OpenQuery): Promise<void> {
  while (query.page.nextUri !== undefined) {
    await query.poll();
    // Once it runs, a pause would only keep the slot from the others.
    if (query.page.stats.state === 'QUEUED') await pause(PAUSE_MS);
  }
}

test(
  'a client that polls every five seconds among fifty quick ones is served in its turn',
  async () => {
    await using line = await startLine(150);
    const { suite, begun } = line;
    const free = await line.take();
    const results: Promise<unknown>[] = [];
    const expected: string[] = [];
    for (let n = 0; n <= 50; n++) {
      const isSlow = n === 25;
      const statement = `SELECT short ${isSlow ? 'slow' : n}`;
      const query = await openQuery(suite.routers[n % 2]?.url ?? '', statement);
      results.push(isSlow ? pollSlowly(query) : query.finish());
      expected.push(statement);
    }
    const waited = performance.now();
    free();
    await until('the slow one to have begun', () => begun().includes('SELECT short slow'), 60_000);
    const waitedMs = performance.now() - waited;
    await Promise.all(results);
    const at = begun().indexOf('SELECT short slow');
    process.stdout.write(`served as number ${at + 1} of 51, ${waitedMs.toFixed(0)} ms after the slot was free\n`);
    expect(begun()).toEqual(expected);
  },
  LIMIT_MS,
);

test(
  'a client that has gone, whatever its rhythm, delays the next one by no more than the bound, and keeps its place',
  async () => {
    await using line = await startLine(0);
    const { suite, begun } = line;
    const pausesOf = { 'never polled': [], 'polled quickly': [0, 0, 0], 'polled slowly': [PAUSE_MS, PAUSE_MS] };
    for (const [what, pauses] of Object.entries(pausesOf)) {
      const free = await line.take();
      const gone = await openQuery(suite.router.url, `SELECT short gone, ${what}`);
      for (const pauseMs of pauses) {
        await gone.poll();
        await pause(pauseMs);
      }
      if (pauses.length > 0) await gone.poll();
      const statement = `SELECT short after one that ${what}`;
      const next = await openQuery(suite.routers[1]?.url ?? '', statement);
      const result = next.finish();
      const freed = performance.now();
      free();
      await until(`${statement} to have begun`, () => begun().includes(statement), 60_000);
      const delayMs = performance.now() - freed;
      process.stdout.write(
        `a client that had gone, and ${what} before, delayed the next one by ${delayMs.toFixed(0)} ms\n`,
      );
      expect(delayMs).toBeLessThan(BOUND_MS + PATIENCE_MS);
      expect((await result).stats.state).toBe('FINISHED');
      expect((await gone.finish()).stats.state).toBe('FINISHED');
    }
  },
  LIMIT_MS,
);
