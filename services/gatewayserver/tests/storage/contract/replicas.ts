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
      'the writes of one replica are read by the others, when the revision changes',
      withStore(fresh, async ({ store, another }) => {
        const other = await another();
        expect(await other.revisions.read()).toEqual({ configuration: 0, conditions: 0, incarnations: 0, drains: 0 });
        await store.configuration.change((change) => change.backends.put(backend('a')));
        await store.conditions.putStatus(create(BackendStatusSchema, { backendId: 'a' }));
        await store.conditions.putOverride('a', create(BackendOverrideSchema, { healthy: true }));
        await store.incarnations.record({
          $typeName: 'trinogateway.v1.Incarnation',
          suffix: 'abcde',
          backendId: 'a',
          url: 'http://x',
          forwardedHeaders: 0,
        });
        expect(await other.revisions.read()).toMatchObject({ configuration: 1, conditions: 2, incarnations: 1 });
        expect(await other.configuration.read()).toEqual(await store.configuration.read());
        expect(await other.conditions.read()).toEqual(await store.conditions.read());
        expect(await other.incarnations.read()).toEqual(await store.incarnations.read());
        expect(await other.suiteSecrets.signingKey()).toEqual(await store.suiteSecrets.signingKey());
      }),
    );

    test(
      'changes on two replicas run one after the other and lose nothing',
      withStore(fresh, async ({ store, another }) => {
        const stores = [store, await another()];
        await store.configuration.change((change) => change.backends.put(backend('counter')));
        let inside = 0;
        let together = 0;
        const increments = Array.from({ length: 40 }, (_, index) =>
          (stores[index % 2] ?? store).configuration.change(async ({ backends }) => {
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
        expect((await store.configuration.read()).backends[0]?.backend.weight).toBe(40);
        expect((await store.revisions.read()).configuration).toBe(41);
      }),
    );

    test(
      'data that a change has checked is not changed by another replica before it commits',
      withStore(fresh, async ({ store, another }) => {
        const other = await another();
        const claim = (at: typeof store) =>
          at.configuration.change(async ({ backends }) => {
            if ((await backends.list()).length > 0) return 'taken';
            await backends.put(backend('only'));
            return 'mine';
          });
        const outcomes = await Promise.all([claim(store), claim(other), claim(store), claim(other)]);
        expect(outcomes.toSorted()).toEqual(['mine', 'taken', 'taken', 'taken']);
      }),
    );

    test(
      'a snapshot never mixes two revisions',
      withStore(fresh, async ({ store, another }) => {
        const other = await another();
        const writer = (async () => {
          for (let weight = 1; weight <= 30; weight++) {
            await store.configuration.change(async ({ backends }) => {
              await backends.put(backend('a', weight));
              await backends.put(backend('b', weight));
            });
          }
        })();
        for (let read = 0; read < 30; read++) {
          const { revision, backends } = await other.configuration.read();
          expect(backends.map((one) => one.backend.weight)).toEqual(revision === 0 ? [] : [revision, revision]);
        }
        await writer;
      }),
    );

    test(
      'every kind of write on two replicas at once succeeds',
      withStore(fresh, async ({ store, another }) => {
        const stores = [store, await another()];
        await store.configuration.change((change) => change.backends.put(backend('a')));
        await Promise.all(
          Array.from({ length: 10 }).flatMap((_, round) =>
            stores.flatMap((each) => [
              each.configuration.change((change) => change.backends.put(backend('a', round))),
              each.conditions.putStatus(create(BackendStatusSchema, { backendId: 'a' })),
              each.conditions.putOverride('a', create(BackendOverrideSchema, { clusterLoad: round })),
              each.incarnations.touch(['abcde'], new Date(round)),
              each.queries.record([create(QuerySchema, { id: 'q', state: Query_State.RUNNING, queuedMs: round })]),
              each.suiteSecrets.signingKey(),
              each.conditions.read(),
            ]),
          ),
        );
        expect((await store.revisions.read()).configuration).toBe(21);
        expect((await store.queries.get('q'))?.queuedMs).toBe(9);
      }),
    );

    test(
      'stored data survives a restart',
      withStore(fresh, async ({ store, another }) => {
        await store.configuration.change((change) => change.backends.put(backend('a')));
        const key = await store.suiteSecrets.signingKey();
        await store[Symbol.asyncDispose]();
        const reopened = await another();
        expect((await reopened.configuration.read()).backends).toHaveLength(1);
        expect(await reopened.suiteSecrets.signingKey()).toEqual(key);
      }),
    );
  });
}
