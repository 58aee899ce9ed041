import { create, type MessageInitShape, toJson } from '@bufbuild/protobuf';
import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import { describe, expect, test } from '@jest/globals';
import { ListQueriesRequestSchema, Query_State, QuerySchema } from '@trino-gateway/api/gateway';
import type { Store } from '../../../src/storage/index.ts';
import type { NewDatabase } from '../../support/databases.ts';
import { withStore } from '../../support/with-store.ts';

const START = 1_763_700_000_000;
const at = (ms: number) => timestampFromMs(START + ms);
const query = (init: MessageInitShape<typeof QuerySchema>) => create(QuerySchema, { submittedAt: at(0), ...init });

async function remaining(store: Store): Promise<string[]> {
  return (await store.queries.list(create(ListQueriesRequestSchema))).queries.map(({ id }) => id);
}

/** Reports of observers, and the end of old rows. */
export function upkeepContract(fresh: NewDatabase): void {
  describe('upkeep of history', () => {
    test(
      'a report of an observer completes the row of its query and leaves its submission as it was',
      withStore(fresh, async ({ store }) => {
        await store.queries.record([
          query({ id: 'first-id', trinoQueryId: 't', user: 'ann', state: Query_State.UNKNOWN, endedAt: at(900) }),
        ]);
        const report = create(QuerySchema, {
          id: 't',
          trinoQueryId: 't',
          state: Query_State.FINISHED,
          startedAt: at(-50),
          endedAt: at(100),
          rows: 7n,
        });
        expect(await store.queries.complete([report])).toEqual([]);
        const row = await store.queries.get('first-id');
        expect(row).toMatchObject({
          user: 'ann',
          state: Query_State.FINISHED,
          submittedAt: at(0),
          startedAt: at(0),
          endedAt: at(100),
          rows: 7n,
        });
        expect(await store.queries.complete([report, report])).toEqual([]);
        expect(await store.queries.get('first-id')).toEqual(row);
        expect(await remaining(store)).toEqual(['first-id']);
      }),
    );

    test(
      'times by the clock of a cluster are stored by that of the row, however far they are apart and whoever reports first',
      withStore(fresh, async ({ store }) => {
        for (const ahead of [-600_000, 0, 600_000]) {
          const clusters = create(QuerySchema, {
            trinoQueryId: `t${ahead}`,
            state: Query_State.FINISHED,
            submittedAt: at(ahead + 2_000),
            startedAt: at(ahead + 2_500),
            endedAt: at(ahead + 4_000),
          });
          const submission = { trinoQueryId: clusters.trinoQueryId, queuedMs: 2_000, state: Query_State.RUNNING };
          const routers = { startedAt: at(2_600), endedAt: at(4_100), state: Query_State.FINISHED };
          for (const isFirst of [true, false]) {
            const id = `${ahead} ${isFirst}`;
            await store.queries.record([query({ id, ...submission })]);
            if (!isFirst) await store.queries.record([query({ id, ...routers })]);
            expect(await store.queries.complete([clusters])).toEqual([]);
            if (isFirst) await store.queries.record([query({ id, ...routers })]);
            expect(await store.queries.get(id)).toMatchObject({
              submittedAt: at(0),
              startedAt: at(2_500),
              endedAt: at(4_000),
            });
          }
        }
      }),
    );

    test(
      'times that a cluster makes up are kept as far as they can be written',
      withStore(fresh, async ({ store }) => {
        await store.queries.record([query({ id: 'q', trinoQueryId: 't' })]);
        const [submittedAt, endedAt] = [timestampFromMs(0), timestampFromMs(Date.parse('9999-12-31T23:59:59Z'))];
        const report = create(QuerySchema, { trinoQueryId: 't', state: Query_State.FINISHED, submittedAt, endedAt });
        expect(await store.queries.complete([report])).toEqual([]);
        const [kept] = (await store.queries.list(create(ListQueriesRequestSchema))).queries;
        expect(kept && toJson(QuerySchema, kept)).toMatchObject({ id: 'q', endedAt: '9999-12-31T23:59:59Z' });
      }),
    );

    test(
      'a report about a query that nobody submitted is returned and makes no row',
      withStore(fresh, async ({ store }) => {
        await store.queries.record([query({ id: 'known', trinoQueryId: 'known' })]);
        const reports = Array.from({ length: 450 }, (_, index) =>
          create(QuerySchema, { id: `x${index}`, trinoQueryId: `x${index}`, state: Query_State.FAILED }),
        );
        const known = create(QuerySchema, { id: 'known', trinoQueryId: 'known', state: Query_State.FAILED });
        expect(await store.queries.complete([...reports, known])).toEqual(reports);
        expect(await remaining(store)).toEqual(['known']);
        expect((await store.queries.get('known'))?.state).toBe(Query_State.FAILED);
        expect(await store.queries.complete([])).toEqual([]);
      }),
    );

    test(
      'the position behind a number of queries is found in hops, from the newest on',
      withStore(fresh, async ({ store }) => {
        const ids = ['a', 'b', 'c', 'd'];
        await store.queries.record(ids.map((id, index) => query({ id, submittedAt: at(index < 2 ? 0 : 5) })));
        expect(await store.queries.positionBehind(undefined, 0)).toEqual({ submittedAt: START + 5, id: 'd' });
        const second = await store.queries.positionBehind(undefined, 1);
        expect(second).toEqual({ submittedAt: START + 5, id: 'c' });
        expect(await store.queries.positionBehind(second, 0)).toEqual({ submittedAt: START, id: 'b' });
        expect(await store.queries.positionBehind(second, 1)).toEqual({ submittedAt: START, id: 'a' });
        expect(await store.queries.positionBehind(second, 2)).toBeUndefined();
      }),
    );

    test(
      'a purge deletes the oldest first, up to its limit, and nothing newer than its position',
      withStore(fresh, async ({ store }) => {
        const ids = ['e', 'd', 'c', 'b', 'a'];
        await store.queries.record(ids.map((id, index) => query({ id, submittedAt: at(Math.min(index, 3)) })));
        expect(await store.queries.purge({ submittedAt: START + 2, id: '' }, 1)).toBe(1);
        expect(await remaining(store)).toEqual(['b', 'a', 'c', 'd']);
        expect(await store.queries.purge({ submittedAt: START + 3, id: 'a' }, 100)).toBe(3);
        expect(await remaining(store)).toEqual(['b']);
        expect(await store.queries.purge({ submittedAt: START + 3, id: 'a' }, 100)).toBe(0);
      }),
    );

    test(
      'a purge beside writers of the same rows neither fails nor deadlocks them',
      withStore(fresh, async ({ store, another }) => {
        const other = (await another().catch(() => undefined)) ?? store;
        const batch = (round: number) =>
          Array.from({ length: 50 }, (_, index) => query({ id: `q${(index * 7 + round) % 60}` }));
        const upTo = { submittedAt: START + 1, id: '' };
        await Promise.all(
          Array.from({ length: 20 }).flatMap((_, round) => [
            store.queries.record(batch(round)),
            other.queries.purge(upTo, 20),
          ]),
        );
        while ((await store.queries.purge(upTo, 20)) > 0);
        expect(await remaining(store)).toEqual([]);
      }),
    );
  });
}
