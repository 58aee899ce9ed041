import { create } from '@bufbuild/protobuf';
import { expect, test } from '@jest/globals';
import { ListRoutingHitsRequestSchema } from '@trino-gateway/api/gateway';
import type { RoutingHits } from '../../storage/contract/routing-hits.ts';
import { listRoutingHits } from './routing-hits.ts';

const rows: RoutingHits[] = [
  { day: '2026-01-30', stepId: 'gone', ruleId: '', did: 'decided', hits: 1 },
  { day: '2026-01-31', stepId: 'policies', ruleId: '', did: 'decided', hits: 4 },
  { day: '2026-01-31', stepId: 'rules', ruleId: 'raw', did: 'decided', hits: 2 },
  { day: '2026-01-31', stepId: 'rules', ruleId: 'raw', did: 'observed', hits: 7 },
];

async function list(request: Partial<{ fromDay: string; toDay: string; stepId: string }> = {}) {
  let asked: unknown[] = [];
  const steps = [{ id: 'rules', ruleIds: ['raw', 'dead'] }, { id: 'policies' }];
  const context = {
    configuration: { chain: () => ({ steps }) },
    now: () => Date.parse('2026-02-01T10:00:00Z'),
    store: {
      routingHits: {
        list: async (...given: unknown[]) => {
          asked = given;
          return rows.filter(({ stepId }) => given[1] === undefined || stepId === given[1]);
        },
      },
    },
  } as unknown as Parameters<typeof listRoutingHits>[0];
  const { hits } = await listRoutingHits(context, create(ListRoutingHitsRequestSchema, request));
  const lines = hits.map((hit) => `${hit.day} ${hit.stepId} ${hit.ruleId} ${hit.decided} ${hit.observed}`);
  return { lines, asked };
}

test('by day in the order of the chain; what did nothing in all that time is listed without a day', async () => {
  const { lines, asked } = await list();
  expect(asked[0]).toEqual({ from: '2026-01-26', to: '2026-02-01' });
  expect(lines).toEqual([
    '2026-01-30 gone  1 0',
    '2026-01-31 rules raw 2 7',
    '2026-01-31 policies  4 0',
    ' rules  0 0',
    ' rules dead 0 0',
  ]);
});

test('of one step, and of the days that were asked for', async () => {
  const { lines, asked } = await list({ fromDay: '2026-01-31', toDay: '2026-01-31', stepId: 'policies' });
  expect(asked.slice(0, 2)).toEqual([{ from: '2026-01-31', to: '2026-01-31' }, 'policies']);
  expect(lines).toEqual(['2026-01-31 policies  4 0']);
});

test.each([
  [{ fromDay: '31.1.2026' }, /from_day: expected a day as 2026-01-31/],
  [{ toDay: '2026-02-30' }, /to_day: expected a day/],
  [{ fromDay: '2026-02-02' }, /from_day: expected a day up to to_day/],
  [{ fromDay: '2020-01-01' }, /at most 400 days/],
  [{ stepId: 'a b' }, /step_id/],
])('%j is refused', async (request, message) => {
  await expect(list(request)).rejects.toThrow(message);
});
