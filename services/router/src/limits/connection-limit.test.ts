import { EventEmitter } from 'node:events';
import type { Socket } from 'node:net';
import { getHeapStatistics } from 'node:v8';
import { expect, test } from '@jest/globals';
import { type Logger, silentLogger } from '@trino-gateway/runtime';
import { createConnectionLimit } from './connection-limit.ts';

const socket = () => new EventEmitter() as Socket;

test('a connection that has ended makes room for another', () => {
  const limit = createConnectionLimit(2, silentLogger);
  const [first, second] = [socket(), socket()];
  expect([limit.admits(first), limit.admits(second), limit.admits(socket())]).toEqual([true, true, false]);
  first.emit('close');
  expect([limit.open(), limit.admits(socket()), limit.admits(socket())]).toEqual([1, true, false]);
  expect([limit.open(), limit.refused()]).toEqual([2, 2]);
});

test('refusals are logged at most once a minute', () => {
  const lines: string[] = [];
  const logger: Logger = { ...silentLogger, warn: (line) => void lines.push(line) };
  let now = 0;
  const limit = createConnectionLimit(1, logger, { now: () => now });
  for (let times = 0; times < 10; times++) limit.admits(socket());
  expect(lines).toEqual([expect.stringContaining('router.max_connections')]);
  now = 60_000;
  limit.admits(socket());
  expect(lines).toHaveLength(2);
});

test('without a setting the limit follows from the heap', () => {
  const limit = createConnectionLimit(0, silentLogger);
  const fits = getHeapStatistics().heap_size_limit / 65_536;
  while (limit.admits(socket())) expect(limit.open()).toBeLessThanOrEqual(fits);
  expect(limit.open()).toBeGreaterThan(fits - 1);
});
