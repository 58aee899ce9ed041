import { create } from '@bufbuild/protobuf';
import { timestampFromMs, timestampMs } from '@bufbuild/protobuf/wkt';
import { expect, test } from '@jest/globals';
import { BackendEvidenceSchema } from '@trino-gateway/api/gateway';
import { reportedEvidence } from './reported-evidence.ts';

const NOW = 1_000_000;
const askedAt = (monitorsMs: number | undefined, ageMs: number) => {
  const at = monitorsMs === undefined ? {} : { askedAt: timestampFromMs(monitorsMs) };
  const { askedAt: counted } = reportedEvidence(create(BackendEvidenceSchema, { ...at, ageMs }), NOW);
  return counted && timestampMs(counted);
};

test.each([
  ['a clock that is ahead does not count', NOW + 60_000, 700, NOW - 700],
  ['nor one that is ahead by less than the age', NOW - 300, 700, NOW - 700],
  ['a clock that is behind makes the answer older, which is safe', NOW - 60_000, 700, NOW - 60_000],
  ['a report that waited for long is as old as it says', NOW - 300_000, 300_000, NOW - 300_000],
  ['no time at all proves nothing', undefined, 700, 0],
])('%s', (_, monitorsMs, ageMs, counted) => {
  expect(askedAt(monitorsMs, ageMs)).toBe(counted);
});

test('a count that is absent stays unknown, and lists have a bound', () => {
  const ids = Array.from({ length: 101 }, (_, at) => `q${at}`);
  const given = create(BackendEvidenceSchema, { queries: { count: 101, ids }, transactions: { problem: 'denied' } });
  const { queries, transactions } = reportedEvidence(given, NOW);
  expect(queries?.ids).toHaveLength(100);
  expect(transactions?.count).toBeUndefined();
});

test.each([
  [{ coordinatorId: 'x'.repeat(129) }, 'coordinator_id'],
  [{ ageMs: -1 }, 'age_ms'],
  [{ queries: { count: -1 } }, 'queries.count'],
  [{ transactions: { ids: ['x'.repeat(129)] } }, 'transactions.ids'],
])('%j is refused', (wrong, field) => {
  expect(() => reportedEvidence(create(BackendEvidenceSchema, wrong), NOW)).toThrow(`status.evidence.${field}`);
});
