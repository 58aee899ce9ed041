import { Code, ConnectError } from '@connectrpc/connect';
import { expect, test } from '@jest/globals';
import { silentLogger } from '@trino-gateway/runtime';
import { createEndedLeases } from './ended-leases.ts';

/** Ends that are told when the test says so. */
function setUp(options: { most?: number; fail?: () => unknown } = {}) {
  const sent: string[][] = [];
  let hurried = 0;
  let work: (signal: AbortSignal) => Promise<void> = async () => {};
  const ends = createEndedLeases({
    send: async (ids) => {
      sent.push(ids);
      const failure = options.fail?.();
      if (failure !== undefined) throw failure;
    },
    repeat: (given) => {
      work = given;
      return { hurry: () => void hurried++, [Symbol.asyncDispose]: async () => {} };
    },
    logger: silentLogger,
    ...options,
  });
  return { ends, sent, hurried: () => hurried, run: () => work(new AbortController().signal) };
}

test('ended queries are reported in batches of at most 1,000, each once', async () => {
  const { ends, sent, run } = setUp();
  for (let at = 0; at < 2_500; at += 1) ends.add(`q${at}`);
  ends.add('q0');
  await run();
  expect(sent.map(({ length }) => length)).toEqual([1_000, 1_000, 500]);
  await run();
  expect(sent).toHaveLength(3);
});

test('while nobody answers they are reported again, without a call for each query', async () => {
  const unreachable = new ConnectError('nobody there', Code.Unavailable);
  let failures = 2;
  const { ends, sent, hurried, run } = setUp({ fail: () => (failures-- > 0 ? unreachable : undefined) });
  ends.add('a');
  await run();
  const before = hurried();
  ends.add('b');
  expect(hurried()).toBe(before);
  await run();
  await run();
  expect(sent).toEqual([['a'], ['a', 'b'], ['a', 'b']]);
  ends.add('c');
  expect(hurried()).toBe(before + 1);
});

test('a refused report does not block the following ones', async () => {
  let failures = 1;
  const { ends, sent, run } = setUp({
    fail: () => (failures-- > 0 ? new ConnectError('no', Code.InvalidArgument) : undefined),
  });
  ends.add('a');
  await run();
  ends.add('b');
  await run();
  expect(sent).toEqual([['a'], ['b']]);
});

test('an outage does not fill the memory: the oldest is left to the sweep of the monitor', async () => {
  const { ends, sent, run } = setUp({ most: 3 });
  for (const id of ['a', 'b', 'c', 'd']) ends.add(id);
  await run();
  expect(sent).toEqual([['b', 'c', 'd']]);
});

test('at the stop the remaining ends are reported once more', async () => {
  const { ends, sent } = setUp();
  ends.add('a');
  await ends[Symbol.asyncDispose]();
  expect(sent).toEqual([['a']]);
});
