import { expect, test } from '@jest/globals';
import type { Coordinator } from '@trino-gateway/testing/trino/coordinator';
import { keepRunning } from './keep-running.ts';

const PAUSES = { firstMs: 1, longestMs: 4, steadyMs: 600_000 };

/** A cluster that ends when it is told to. */
function cluster() {
  const { promise: ended, resolve } = Promise.withResolvers<{ code: number | null; signal: NodeJS.Signals | null }>();
  const stops: number[] = [];
  const coordinator = {
    name: 'sample-a',
    url: 'http://127.0.0.1:1',
    logPath: 'data/logs/sample-a.log',
    ended,
    stop: async (graceMs: number) => {
      stops.push(graceMs);
      resolve({ code: 0, signal: null });
    },
  } as unknown as Coordinator;
  return { coordinator, stops, end: (code: number) => resolve({ code, signal: null }) };
}

/** Collects lines, and resolves when one is said that matches. */
function listener() {
  const lines: string[] = [];
  const waiting: [RegExp, () => void][] = [];
  return {
    lines,
    say: (line: string) => {
      lines.push(line);
      for (const [pattern, resolve] of waiting) if (pattern.test(line)) resolve();
    },
    said: (pattern: RegExp) => new Promise<void>((resolve) => waiting.push([pattern, resolve])),
  };
}

test('a sample that ends is said with its log, and started again until it runs', async () => {
  const [first, second] = [cluster(), cluster()];
  const { lines, say, said } = listener();
  const up = said(/again at/);
  const starts = [async () => Promise.reject(new Error('no memory\nmore')), async () => second.coordinator];
  const start = () => (starts.shift() ?? (() => Promise.reject(new Error('too often'))))();
  const sample = keepRunning({ first: first.coordinator, start, say, signal: neverAborted(), pauses: PAUSES });
  first.end(3);
  await up;
  expect(lines).toEqual([
    'sample-a ended with code 3; its log is data/logs/sample-a.log; the gateway goes on, sample-a is started again',
    'sample-a did not come up again: no memory',
    'sample-a runs queries again at http://127.0.0.1:1',
  ]);
  await sample.stop(7);
  expect(second.stops).toContain(7);
});

test('a sample that is stopped is not started again, also while it is coming up', async () => {
  const [first, late] = [cluster(), cluster()];
  const { lines, say } = listener();
  const { promise: starting, resolve: comesUp } = Promise.withResolvers<Coordinator>();
  const { promise: asked, resolve: ask } = Promise.withResolvers<void>();
  const start = () => {
    ask();
    return starting;
  };
  const sample = keepRunning({ first: first.coordinator, start, say, signal: neverAborted(), pauses: PAUSES });
  first.end(1);
  await asked;
  const stopped = sample.stop(5);
  comesUp(late.coordinator);
  await stopped;
  expect(late.stops).toContain(5);
  expect(lines).toHaveLength(1);
});

test('with Ctrl-C nothing is said and nothing started', async () => {
  const only = cluster();
  const { lines, say } = listener();
  const stop = new AbortController();
  const start = () => Promise.reject(new Error('not wanted'));
  const sample = keepRunning({ first: only.coordinator, start, say, signal: stop.signal, pauses: PAUSES });
  stop.abort();
  await sample.stop(3);
  expect([lines, only.stops.includes(3)]).toEqual([[], true]);
});

const neverAborted = () => new AbortController().signal;
