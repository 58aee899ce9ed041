import { describe, expect, test } from '@jest/globals';
import type { NewDatabase } from '../../support/databases.ts';
import { withStore } from '../../support/with-store.ts';

/** How often steps and rules of the routing chain did something. */
export function routingHitsContract(fresh: NewDatabase): void {
  const hit = (day: string, stepId: string, did: string, hits: number, ruleId = '') => ({
    day,
    stepId,
    ruleId,
    did,
    hits,
  });
  const ever = { from: '2026-01-01', to: '2026-12-31' };

  describe('counts of the routing chain', () => {
    test(
      'what is added comes on top, by day, step, rule and deed',
      withStore(fresh, async ({ store: { routingHits } }) => {
        const first = hit('2026-01-31', 'rules', 'decided', 3, 'raw');
        await routingHits.add([first, hit('2026-01-31', 'rules', 'abstained', 1), first]);
        await routingHits.add([first, hit('2026-02-01', 'rules', 'decided', 5, 'raw')]);
        expect(await routingHits.list(ever, undefined, 100)).toEqual([
          hit('2026-01-31', 'rules', 'abstained', 1),
          hit('2026-01-31', 'rules', 'decided', 9, 'raw'),
          hit('2026-02-01', 'rules', 'decided', 5, 'raw'),
        ]);
      }),
    );

    test(
      'replicas that add at once lose nothing',
      withStore(fresh, async ({ store: { routingHits } }) => {
        const rows = Array.from({ length: 300 }, (_, at) => hit('2026-01-31', `s${at}`, 'decided', 2));
        await Promise.all([rows, rows.toReversed(), rows].map((given) => routingHits.add(given)));
        const listed = await routingHits.list(ever, undefined, 1_000);
        expect(listed.map(({ hits }) => hits)).toEqual(rows.map(() => 6));
      }),
    );

    test(
      'a list is of the days and the step that were asked for; old days are forgotten',
      withStore(fresh, async ({ store: { routingHits } }) => {
        const days = ['2026-01-30', '2026-01-31', '2026-02-01'];
        await routingHits.add(days.flatMap((day) => [hit(day, 'a', 'decided', 1), hit(day, 'b', 'failed', 1)]));
        const list = async (from: string, to: string, stepId?: string) =>
          (await routingHits.list({ from, to }, stepId, 100)).map((row) => `${row.day} ${row.stepId}`);
        expect(await list('2026-01-31', '2026-02-01', 'b')).toEqual(['2026-01-31 b', '2026-02-01 b']);
        await routingHits.prune('2026-01-31');
        expect(await list('2026-01-01', '2026-12-31', 'a')).toEqual(['2026-01-31 a', '2026-02-01 a']);
      }),
    );
  });
}
