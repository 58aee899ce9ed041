import { create, type MessageInitShape } from '@bufbuild/protobuf';
import { describe, expect, test } from '@jest/globals';
import { type RoutingChain, RoutingChainSchema } from '@trino-gateway/api/gateway';
import type { Store } from '../../../src/storage/index.ts';
import type { NewDatabase } from '../../support/databases.ts';
import { withStore } from '../../support/with-store.ts';

const chain = (init: MessageInitShape<typeof RoutingChainSchema> = {}) => create(RoutingChainSchema, init);
const add = (store: Store, added: RoutingChain, rolledBackTo?: number) =>
  store.configuration.change(({ routingChain }) => routingChain.add(added, rolledBackTo));

/** Versions of the routing chain: kept as they are, the newest in force. */
export function routingChainContract(fresh: NewDatabase): void {
  describe('the routing chain', () => {
    test(
      'is absent until one is stored; then it is the newest version, none of whose fields is lost',
      withStore(fresh, async ({ store }) => {
        expect((await store.configuration.read()).routingChain).toBeUndefined();
        expect(await store.configuration.chainVersions()).toEqual([]);
        const full = chain({
          fallbackGroup: 'adhoc',
          timeLimitMs: 700,
          managedBy: 'file',
          steps: [
            {
              id: 'Nightly.1',
              enabled: false,
              observe: true,
              onFailure: 2,
              timeLimitMs: 3,
              kind: { case: 'policies', value: {} },
            },
            {
              id: 'rules',
              kind: {
                case: 'rules',
                value: {
                  rules: [{ id: 'ü', when: `source == "wörld 🦆" && '%_\\'' != "\u0000"`, share: 0.1, priority: 0 }],
                },
              },
            },
            { id: 'code', kind: { case: 'script', value: { language: 1, source: 'x'.repeat(1_000_000) } } },
          ],
        });
        const stored = await add(store, { ...full, version: 17 });
        expect(stored).toEqual({ ...full, version: 1, storedAt: expect.anything() });
        expect((await store.configuration.read()).routingChain).toEqual(stored);
        expect(await store.configuration.change(({ routingChain }) => routingChain.newest())).toEqual(stored);
        const second = await add(store, chain());
        expect((await store.configuration.read()).routingChain).toEqual(second);
        expect(await store.configuration.chainVersion(1)).toEqual(stored);
        expect(await store.configuration.chainVersion(3)).toBeUndefined();
      }),
    );

    test(
      'lists its versions, newest first, with what made them',
      withStore(fresh, async ({ store }) => {
        await add(store, chain({ managedBy: 'file', steps: [{ id: 'a' }] }));
        await add(store, chain());
        await add(store, chain(), 0);
        await add(store, chain(), 1);
        expect(await store.configuration.chainVersions()).toMatchObject([
          { version: 4, managedBy: '', steps: 0, rolledBackTo: 1 },
          { version: 3, rolledBackTo: 0 },
          { version: 2, managedBy: '' },
          { version: 1, managedBy: 'file', steps: 1 },
        ]);
        expect((await store.configuration.chainVersions())[2]?.rolledBackTo).toBeUndefined();
      }),
    );

    test(
      'keeps its last hundred versions',
      withStore(fresh, async ({ store }) => {
        await store.configuration.change(async ({ routingChain }) => {
          for (let at = 0; at < 103; at++) await routingChain.add(chain({ timeLimitMs: at }));
        });
        const versions = (await store.configuration.chainVersions()).map(({ version }) => version);
        expect([versions.length, versions[0], versions.at(-1)]).toEqual([100, 103, 4]);
        expect(await store.configuration.chainVersion(3)).toBeUndefined();
      }),
    );

    test(
      'is a change like every other: counted once, undone as a whole, one after the other',
      withStore(fresh, async ({ store }) => {
        const { configuration } = await store.revisions.read();
        const undone = store.configuration.change(async ({ routingChain }) => {
          await routingChain.add(chain());
          throw new Error('undone');
        });
        await expect(undone).rejects.toThrow('undone');
        expect(await store.configuration.chainVersions()).toEqual([]);
        await Promise.all(Array.from({ length: 20 }, () => add(store, chain())));
        expect((await store.configuration.chainVersions()).map(({ version }) => version)).toEqual(
          Array.from({ length: 20 }, (_, at) => 20 - at),
        );
        expect((await store.revisions.read()).configuration).toBe(configuration + 20);
      }),
    );
  });
}
