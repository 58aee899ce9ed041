import { expect, test } from '@jest/globals';
import { type FaultAction, startScriptedTrino } from '@trino-gateway/testing';
import { run } from '../support/client.ts';
import { polled } from '../support/queue-bed.ts';
import { startTestbed } from '../support/testbed.ts';

// A statement that one cluster does not accept in time goes to another; the limit is long enough for a machine that is busy elsewhere.

test.each<[string, FaultAction]>([
  ['is silent', { kind: 'silence' }],
  ['stalls in its answer', { kind: 'stalled-page', bytes: 100 }],
  ['answers too late', { kind: 'slow', ms: 3_500 }],
])('one that %s gets no poll, and the statement runs once, at the other', async (_what, action) => {
  await using first = await startScriptedTrino();
  await using second = await startScriptedTrino();
  first.fault({ on: 'submit', action });
  await using router = await startTestbed({ clusters: { first, second }, config: { attempt_time_limit: 3_000 } });
  const { rows, last } = await run(router.url, 'SELECT 1');
  expect(rows).toEqual([[1]]);
  expect(first.queries).toEqual([]);
  expect(polled(first)).toEqual([]);
  expect(second.queries.map(({ id }) => id)).toEqual([last.id]);
  expect(router.routes.map(({ excludedBackendIds }) => excludedBackendIds)).toEqual([[], ['first']]);
  expect(new Set(router.routes.map(({ submissionId }) => submissionId)).size).toBe(1);
  expect(router.settled).toHaveLength(1);
});
