import { expect, test } from '@jest/globals';
import { isTemporaryQueryId } from '@trino-gateway/trino';
import { createTemporaryIds } from './temporary-ids.ts';

test('a temporary id is never the id of a query at a cluster', () => {
  const nowMs = Date.parse('2026-11-21T08:08:08Z');
  const next = createTemporaryIds((bytes) => new Uint8Array(bytes).fill(200));
  const ids = [next(nowMs), next(nowMs)];
  expect(ids.every(isTemporaryQueryId)).toBe(true);
  expect(new Set(ids).size).toBe(2);
});
