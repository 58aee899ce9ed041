import { expect, test } from '@jest/globals';
import { createConnections } from './connections.ts';

const here = { backendId: 'a', url: 'http://a' };

function table() {
  let nowMs = 1_000;
  let changes = 0;
  const connections = createConnections(
    () => {
      changes += 1;
    },
    () => nowMs,
  );
  const pass = (ms: number) => {
    nowMs += ms;
  };
  return { connections, pass, changes: () => changes };
}

test('failures in a row are counted from the first one, and an answer ends them', () => {
  const { connections, pass } = table();
  connections.failed(here, 'one');
  pass(100);
  connections.failed(here, 'two');
  const failing = { ...here, failures: 2, failingSince: 1_000, failedAt: 1_100, reason: 'two', reachedAt: undefined };
  expect(connections.takeChanged(9)).toEqual([failing]);
  expect(connections.takeChanged(9)).toEqual([]);
  pass(100);
  connections.reached(here);
  expect(connections.takeChanged(9)).toMatchObject([{ ...here, failures: 0, reachedAt: 1_200 }]);
  pass(100);
  connections.failed(here, 'three');
  expect(connections.takeChanged(9)).toMatchObject([{ failures: 1, failingSince: 1_300, reachedAt: 1_200 }]);
});

test('an answer is no news, unless somebody doubts that backend', () => {
  const { connections, changes } = table();
  connections.reached(here);
  expect(changes()).toBe(0);
  connections.setDoubted(new Set(['a']));
  connections.reached(here);
  expect(changes()).toBe(1);
  expect(connections.takeChanged(9)).toMatchObject([{ ...here, failures: 0 }]);
});

test('each address of a backend is counted for itself: queries go on at the former one', () => {
  const { connections } = table();
  const moved = { backendId: 'a', url: 'http://new' };
  connections.failed(here, 'x');
  connections.failed(moved, 'y');
  connections.failed(moved, 'y');
  connections.reached(here);
  expect(connections.takeChanged(9)).toMatchObject([
    { ...here, failures: 0 },
    { ...moved, failures: 2 },
  ]);
});

test('a hundred thousand failures leave one entry to report, and what could not be reported is not lost', () => {
  const { connections } = table();
  for (let count = 0; count < 100_000; count += 1) connections.failed(here, 'x');
  connections.failed({ backendId: 'b', url: 'http://b' }, 'x');
  const taken = connections.takeChanged(1);
  expect(taken).toMatchObject([{ failures: 100_000 }]);
  connections.putBack(taken);
  connections.failed(here, 'x');
  expect(connections.takeChanged(9).map(({ failures }) => failures)).toEqual([1, 100_001]);
});
