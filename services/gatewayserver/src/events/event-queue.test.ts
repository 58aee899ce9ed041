import { create } from '@bufbuild/protobuf';
import { expect, test } from '@jest/globals';
import { type Query, QuerySchema } from '@trino-gateway/api/gateway';
import { silentLogger } from '@trino-gateway/runtime';
import { until } from '../../tests/support/gatewayserver-fixture.ts';
import { DatabaseUnavailableError } from '../storage/contract/errors.ts';
import { createEventQueue, type EventQueueOptions } from './event-queue.ts';

const report = (id: string) => create(QuerySchema, { id, trinoQueryId: id });

/** A store that knows some queries, and whose answer a test may take over. */
function setUp(options: Partial<EventQueueOptions> = {}) {
  const known = new Set<string>();
  const stored: string[] = [];
  const batches: number[] = [];
  const settled: Record<string, number> = {};
  const store = { failure: undefined as ((batch: Query[]) => Error | undefined) | undefined };
  const queue = createEventQueue({
    complete: async (batch) => {
      batches.push(batch.length);
      const failure = store.failure?.(batch);
      if (failure) throw failure;
      stored.push(...batch.filter(({ id }) => known.has(id)).map(({ id }) => id));
      return batch.filter(({ id }) => !known.has(id));
    },
    onSettled: (outcome, count) => {
      settled[outcome] = (settled[outcome] ?? 0) + count;
    },
    timings: { intervalMs: 5 },
    logger: silentLogger,
    ...options,
  });
  return { queue, known, stored, batches, settled, store, [Symbol.asyncDispose]: () => queue[Symbol.asyncDispose]() };
}

const down = () => new DatabaseUnavailableError('away');

test('events are stored in batches of at most 500', async () => {
  await using setup = setUp();
  const ids = Array.from({ length: 1_201 }, (_, index) => `q${index}`);
  for (const id of ids) {
    setup.known.add(id);
    expect(setup.queue.offer(report(id))).toBe(true);
  }
  await until(
    async () => setup.stored.length,
    (count) => count === ids.length,
  );
  expect(Math.max(...setup.batches)).toBe(500);
  expect(setup.settled).toEqual({ stored: 1_201 });
  expect(setup.queue.waiting()).toBe(0);
});

test('while the database is away events wait, and are refused when there is no room', async () => {
  await using setup = setUp({ most: 3 });
  setup.store.failure = down;
  const ids = ['a', 'b', 'c'];
  for (const id of ids) {
    setup.known.add(id);
    expect(setup.queue.offer(report(id))).toBe(true);
  }
  await until(
    async () => setup.batches.length,
    (tries) => tries >= 3,
  );
  expect(setup.queue.waiting()).toBe(3);
  expect(setup.queue.offer(report('d'))).toBe(false);
  expect(setup.queue.offer(report('a'))).toBe(true); // a repetition takes no room
  setup.store.failure = undefined;
  await until(
    async () => setup.stored.toSorted(),
    (stored) => stored.length === 3,
  );
  expect(setup.settled).toEqual({ stored: 3 });
});

test('an event that arrives before its submission is stored once that is known', async () => {
  await using setup = setUp();
  setup.queue.offer(report('early'));
  await until(
    async () => setup.queue.early(),
    (early) => early === 1,
  );
  expect(setup.queue.waiting()).toBe(0);
  setup.known.add('early');
  await until(
    async () => setup.stored,
    (stored) => stored.length === 1,
  );
  expect(setup.queue.early()).toBe(0);
  expect(setup.settled).toEqual({ stored: 1 });
});

test('an event that the database refuses is dropped alone', async () => {
  await using setup = setUp();
  setup.store.failure = (batch) => (batch.some(({ id }) => id === 'bad') ? new Error('refused') : undefined);
  for (const id of ['a', 'b', 'bad', 'c', 'd']) {
    setup.known.add(id);
    setup.queue.offer(report(id));
  }
  await until(
    async () => setup.stored.toSorted(),
    (stored) => stored.join() === 'a,b,c,d',
  );
  expect(setup.settled).toEqual({ stored: 4, lost: 1 });
});

test('events accepted just before the stop are stored; a database that is away does not delay the stop', async () => {
  const setup = setUp({ timings: { intervalMs: 60_000 } });
  setup.known.add('last');
  await until(
    async () => setup.queue.waiting(),
    (waiting) => waiting === 0,
  );
  setup.queue.offer(report('last'));
  await setup.queue[Symbol.asyncDispose]();
  expect(setup.stored).toEqual(['last']);

  const away = setUp({ timings: { intervalMs: 60_000, flushTimeLimitMs: 20 }, complete: () => new Promise(() => {}) });
  away.queue.offer(report('lost'));
  await away.queue[Symbol.asyncDispose]();
});
