import { create } from '@bufbuild/protobuf';
import { describe, expect, test } from '@jest/globals';
import {
  BackendOverrideSchema,
  BackendSchema,
  BackendStatusSchema,
  Query_State,
  QuerySchema,
} from '@trino-gateway/api/gateway';
import type { NewDatabase } from '../../support/databases.ts';
import { withStore } from '../../support/with-store.ts';

const backend = (id: string, weight = 0) => create(BackendSchema, { id, url: 'http://x', weight });

/** What several stores on one database promise each other. */
export function replicasContract(fresh: NewDatabase): void {
  describe('replicas', () => {
    test(
      'what one writes the others see, and see that they must look',
      withStore(fresh, async ({ store, another }) => {
        const other = await another();
        expect(await other.revisions()).toEqual({ configuration: 0, conditions: 0, incarnations: 0 });
        await store.changeConfiguration((change) => change.backends.put(backend('a')));
        await store.putStatus(create(BackendStatusSchema, { backendId: 'a' }));
        await store.putOverride('a', create(BackendOverrideSchema, { healthy: true }));
        await store.recordIncarnation({
          $typeName: 'trinogateway.v1.Incarnation',
          suffix: 'abcde',
          backendId: 'a',
          url: 'http://x',
          forwardedHeaders: 0,
        });
        expect(await other.revisions()).toEqual({ configuration: 1, conditions: 2, incarnations: 1 });
        expect(await other.configuration()).toEqual(await store.configuration());
        expect(await other.conditions()).toEqual(await store.conditions());
        expect(await other.incarnations()).toEqual(await store.incarnations());
        expect(await other.refusalKey()).toEqual(await store.refusalKey());
      }),
    );

    test(
      'changes on two replicas run one after the other and lose nothing',
      withStore(fresh, async ({ store, another }) => {
        const stores = [store, await another()];
        await store.changeConfiguration((change) => change.backends.put(backend('counter')));
        let inside = 0;
        let together = 0;
        const increments = Array.from({ length: 40 }, (_, index) =>
          (stores[index % 2] ?? store).changeConfiguration(async ({ backends }) => {
            together = Math.max(together, ++inside);
            try {
              const stored = await backends.get('counter');
              await new Promise((resolve) => setImmediate(resolve));
              await backends.put(backend('counter', (stored?.backend.weight ?? 0) + 1));
            } finally {
              inside--;
            }
          }),
        );
        await Promise.all(increments);
        expect(together).toBe(1);
        expect((await store.configuration()).backends[0]?.backend.weight).toBe(40);
        expect((await store.revisions()).configuration).toBe(41);
      }),
    );

    test(
      'what a change checked cannot change under it on another replica',
      withStore(fresh, async ({ store, another }) => {
        const other = await another();
        const claim = (at: typeof store) =>
          at.changeConfiguration(async ({ backends }) => {
            if ((await backends.list()).length > 0) return 'taken';
            await backends.put(backend('only'));
            return 'mine';
          });
        const outcomes = await Promise.all([claim(store), claim(other), claim(store), claim(other)]);
        expect(outcomes.toSorted()).toEqual(['mine', 'taken', 'taken', 'taken']);
      }),
    );

    test(
      'a snapshot mixes no two revisions',
      withStore(fresh, async ({ store, another }) => {
        const other = await another();
        const writer = (async () => {
          for (let weight = 1; weight <= 30; weight++) {
            await store.changeConfiguration(async ({ backends }) => {
              await backends.put(backend('a', weight));
              await backends.put(backend('b', weight));
            });
          }
        })();
        for (let look = 0; look < 30; look++) {
          const { revision, backends } = await other.configuration();
          expect(backends.map((one) => one.backend.weight)).toEqual(revision === 0 ? [] : [revision, revision]);
        }
        await writer;
      }),
    );

    test(
      'every kind of write on two replicas at once succeeds',
      withStore(fresh, async ({ store, another }) => {
        const stores = [store, await another()];
        await store.changeConfiguration((change) => change.backends.put(backend('a')));
        await Promise.all(
          Array.from({ length: 10 }).flatMap((_, round) =>
            stores.flatMap((each) => [
              each.changeConfiguration((change) => change.backends.put(backend('a', round))),
              each.putStatus(create(BackendStatusSchema, { backendId: 'a' })),
              each.putOverride('a', create(BackendOverrideSchema, { clusterLoad: round })),
              each.touchIncarnations(['abcde'], new Date(round)),
              each.recordQueries([create(QuerySchema, { id: 'q', state: Query_State.RUNNING, queuedMs: round })]),
              each.refusalKey(),
              each.conditions(),
            ]),
          ),
        );
        expect((await store.revisions()).configuration).toBe(21);
        expect((await store.getQuery('q'))?.queuedMs).toBe(9);
      }),
    );

    test(
      'what was stored is there after a restart',
      withStore(fresh, async ({ store, another }) => {
        await store.changeConfiguration((change) => change.backends.put(backend('a')));
        const key = await store.refusalKey();
        await store[Symbol.asyncDispose]();
        const reopened = await another();
        expect((await reopened.configuration()).backends).toHaveLength(1);
        expect(await reopened.refusalKey()).toEqual(key);
      }),
    );
  });
}
