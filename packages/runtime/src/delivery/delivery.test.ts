import { expect, test } from '@jest/globals';
import { createDelivery, type DeliveryOptions, type SendLimits } from './delivery.ts';

/** A delivery of numbers that runs when the test says so, and whose receiver answers as the test says. */
function setUp(options: Partial<DeliveryOptions<number>> = {}) {
  const sent: number[][] = [];
  const reported: string[] = [];
  const receiver = { answer: (_: number[], __: SendLimits): unknown => undefined };
  let run = async (_: AbortSignal) => {};
  let hurried = 0;
  const stop = new AbortController();
  const delivery = createDelivery<number>({
    send: async (batch, limits) => {
      await receiver.answer(batch, limits);
      sent.push(batch);
    },
    repeat: (given) => {
      run = given;
      return { hurry: () => void hurried++, [Symbol.asyncDispose]: async () => stop.abort() };
    },
    keyOf: String,
    most: 100,
    batch: 4,
    isRefused: (error) => (error as Error).message === 'refused',
    onRefused: (item) => void reported.push(`refused ${item}`),
    onFailure: (_, isFirst) => void reported.push(isFirst ? 'fails' : 'still fails'),
    onRecovery: () => void reported.push('works'),
    onLost: (count) => void reported.push(`lost ${count}`),
    ...options,
  });
  const add = (...items: number[]) => items.map(delivery.add);
  return { delivery, add, sent, reported, receiver, hurried: () => hurried, run: () => run(stop.signal) };
}

const away = () => {
  throw new Error('away');
};

test('a run sends the waiting items, in batches and in order', async () => {
  const { delivery, add, sent, run } = setUp();
  add(1, 2, 3, 4, 5);
  expect(delivery.size()).toBe(5);
  await run();
  expect(sent).toEqual([[1, 2, 3, 4], [5]]);
  expect(delivery.size()).toBe(0);
});

test('items added during a run wait for the next one, unless they fill a batch', async () => {
  const { delivery, sent, receiver, run } = setUp();
  const coming = [[3], [4, 5, 6, 7, 8], []];
  receiver.answer = () => coming.shift()?.forEach(delivery.add);
  delivery.add(2);
  await run();
  expect(sent).toEqual([[2]]);
  await run();
  expect(sent).toEqual([[2], [3], [4, 5, 6, 7]]);
});

test('a failed batch waits and is sent again; failures and the recovery are reported', async () => {
  const { delivery, add, sent, reported, receiver, run } = setUp();
  add(1, 2, 3, 4, 5);
  receiver.answer = away;
  await run();
  await run();
  expect([sent, delivery.size()]).toEqual([[], 5]);
  receiver.answer = () => {};
  await run();
  expect(sent).toEqual([[1, 2, 3, 4], [5]]);
  expect(reported).toEqual(['fails', 'still fails', 'works']);
});

test('a refused item is dropped alone', async () => {
  const { delivery, add, sent, reported, receiver, run } = setUp();
  receiver.answer = (batch) => {
    if (batch.includes(3)) throw new Error('refused');
  };
  add(1, 2, 3, 4, 5);
  await run();
  expect(sent).toEqual([[1, 2], [4], [5]]);
  expect([reported, delivery.dropped(), delivery.size()]).toEqual([['refused 3'], 1, 0]);
});

test('items accepted before the rest of their batch failed are not sent again', async () => {
  const { add, sent, receiver, run } = setUp();
  receiver.answer = (batch) => {
    if (batch.length === 4) throw new Error('refused');
    if (batch.includes(3)) away();
  };
  add(1, 2, 3, 4);
  await run();
  receiver.answer = () => {};
  await run();
  expect(sent).toEqual([
    [1, 2],
    [3, 4],
  ]);
});

test('of batches sent side by side only those that failed wait', async () => {
  const { add, sent, reported, receiver, run } = setUp({ batch: 1, atOnce: 3 });
  receiver.answer = (batch) => (batch.includes(2) ? away() : undefined);
  add(1, 2, 3, 4);
  await run();
  expect(sent).toEqual([[1], [3]]);
  receiver.answer = () => {};
  await run();
  expect(sent).toEqual([[1], [3], [2], [4]]);
  expect(reported).toEqual(['fails', 'works']);
});

test('hurried items make a run at once, but not while sending fails', async () => {
  const { delivery, receiver, hurried, run } = setUp({ isHurried: true });
  delivery.add(1);
  expect(hurried()).toBe(1);
  receiver.answer = away;
  await run();
  delivery.add(2);
  expect(hurried()).toBe(1);
});

test('hurried items that come while sending works again are sent in the same run', async () => {
  const { delivery, sent, receiver, run } = setUp({ isHurried: true });
  receiver.answer = away;
  delivery.add(1);
  await run();
  const coming = [[2], []];
  receiver.answer = () => coming.shift()?.forEach(delivery.add);
  await run();
  expect(sent).toEqual([[1], [2]]);
});

test('after a failure runs pass until the pause is over', async () => {
  const { delivery, reported, receiver, run } = setUp({ backoff: { firstMs: 60_000, longestMs: 60_000 } });
  receiver.answer = away;
  delivery.add(1);
  await run();
  await run();
  expect(reported).toEqual(['fails']);
});

test('an item that is due by itself is sent, even where there is no room', async () => {
  const { add, sent, run } = setUp({ most: 1, displaces: () => false, due: () => [7, 8] });
  expect(add(1, 2)).toEqual([true, false]);
  await run();
  expect(sent).toEqual([[1, 7, 8]]);
});

test('an item sent now does not wait for a batch under way, and waits with the others when it fails', async () => {
  const { delivery, sent, receiver, run } = setUp();
  const slow = Promise.withResolvers<void>();
  receiver.answer = () => slow.promise;
  delivery.add(1);
  const running = run();
  receiver.answer = () => {};
  await delivery.sendNow(2);
  expect(sent).toEqual([[2]]);
  slow.resolve();
  await running;
  receiver.answer = away;
  await delivery.sendNow(3);
  expect(delivery.size()).toBe(1);
  receiver.answer = () => {};
  await run();
  expect(sent).toEqual([[2], [1], [3]]);
});

test('at the end waiting items are dropped, or sent within a time limit', async () => {
  const without = setUp();
  without.add(1, 2);
  await without.delivery[Symbol.asyncDispose]();
  expect([without.sent, without.reported]).toEqual([[], ['lost 2']]);

  const flushed = setUp({ flushTimeLimitMs: 1_000 });
  flushed.add(1, 2, 3, 4, 5);
  await flushed.delivery[Symbol.asyncDispose]();
  expect([flushed.sent, flushed.reported]).toEqual([[[1, 2, 3, 4], [5]], []]);
});

test('a receiver that does not answer does not hold up the end', async () => {
  const { delivery, add, reported, receiver } = setUp({ flushTimeLimitMs: 10 });
  const limits: SendLimits[] = [];
  receiver.answer = (_, given) => {
    limits.push(given);
    return new Promise(() => {});
  };
  add(1, 2);
  await delivery[Symbol.asyncDispose]();
  expect(reported).toEqual(['lost 2']);
  expect(limits.map(({ timeLimitMs, signal }) => [timeLimitMs, signal.aborted])).toEqual([[10, true]]);
});
