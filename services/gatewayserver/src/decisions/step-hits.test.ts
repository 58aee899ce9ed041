import { expect, test } from '@jest/globals';
import { createStepHits } from './step-hits.ts';

const NOON = Date.parse('2026-01-31T12:00:00Z');
const decided = { stepId: 'rules', ruleId: 'raw', did: 'decided' } as const;
const failed = { stepId: 'code', ruleId: '', did: 'failed' } as const;

function setUp(at = NOON) {
  const clock = { now: at };
  return { clock, hits: createStepHits(() => clock.now) };
}

test('what was taken is not taken again, and stays in the totals', () => {
  const { hits } = setUp();
  hits.count([decided, failed]);
  hits.count([decided]);
  expect(hits.take().hits).toEqual([
    { day: '2026-01-31', ...decided, hits: 2 },
    { day: '2026-01-31', ...failed, hits: 1 },
  ]);
  expect(hits.take().hits).toEqual([]);
  hits.count([decided]);
  expect([...hits.totals()]).toEqual([
    { ...decided, hits: 3 },
    { ...failed, hits: 1 },
  ]);
});

test('what could not be stored is taken once more', () => {
  const { hits } = setUp();
  hits.count([decided]);
  hits.take().restore();
  hits.count([decided]);
  const sum = hits.take().hits.reduce((all, { hits: count }) => all + count, 0);
  expect(sum).toBe(2);
});

test('each day has its own counts, also when a clock is set back', () => {
  const { clock, hits } = setUp(Date.parse('2026-01-31T23:59:59.999Z'));
  hits.count([decided]);
  clock.now += 1;
  hits.count([decided, decided]);
  clock.now -= 86_400_001;
  hits.count([decided]);
  expect(
    hits
      .take()
      .hits.map(({ day, hits: count }) => `${day} ${count}`)
      .sort(),
  ).toEqual(['2026-01-30 1', '2026-01-31 1', '2026-02-01 2']);
});
