import { create } from '@bufbuild/protobuf';
import { describe, expect, test } from '@jest/globals';
import { BackendSchema, DiscoverySourceSchema, GroupSchema } from '@trino-gateway/api/gateway';
import type { NewDatabase } from '../../../support/databases.ts';
import { withStore } from '../../../support/with-store.ts';

/** What was discovered, and members of groups that nobody put. */
export function discoveryContract(fresh: NewDatabase): void {
  const backend = (id: string) =>
    create(BackendSchema, { id, url: `http://${id}.example:8080`, managedBy: 'kubernetes' });

  describe('discovery', () => {
    test(
      'discovered members stand after those of the group itself, and no Put adds or removes them',
      withStore(fresh, async ({ store }) => {
        await store.configuration.change(async ({ backends, groups, discovery }) => {
          for (const id of ['a', 'b', 'c']) await backends.put(backend(id));
          await groups.put(create(GroupSchema, { id: 'g', backendIds: ['c'] }));
          await discovery.setMember('b', ['g', 'h']);
          await discovery.setMember('a', ['g']);
        });
        const shown = { backendIds: ['c', 'a', 'b'], discoveredBackendIds: ['a', 'b'] };
        expect((await store.configuration.read()).groups).toMatchObject([{ id: 'g', ...shown }]);
        await store.configuration.change(async ({ groups, discovery }) => {
          expect(await groups.get('g')).toMatchObject(shown);
          expect(await groups.list()).toMatchObject([shown]);
          expect(await groups.setEnabled('g', false)).toMatchObject({ enabled: false, ...shown });
          expect(await groups.put(create(GroupSchema, { id: 'g', backendIds: ['a', 'c'] }))).toMatchObject(shown);
          expect(await groups.put(create(GroupSchema, { id: 'h' }))).toMatchObject({ backendIds: ['b'] });
          expect(await discovery.members()).toEqual(
            new Map([
              ['g', ['a', 'b']],
              ['h', ['b']],
            ]),
          );
        });
      }),
    );

    test(
      'a membership ends with its backend, and when discovery says so',
      withStore(fresh, async ({ store }) => {
        await store.configuration.change(async ({ backends, groups, discovery }) => {
          for (const id of ['a', 'b']) await backends.put(backend(id));
          await groups.put(create(GroupSchema, { id: 'g', backendIds: [] }));
          await discovery.setMember('a', ['g']);
          await discovery.setMember('b', ['g']);
          await backends.delete('a');
          expect((await groups.get('g'))?.backendIds).toEqual(['b']);
          await discovery.setMember('b', []);
          expect(await groups.get('g')).toMatchObject({ backendIds: [], discoveredBackendIds: [] });
        });
      }),
    );

    test(
      'what was found is kept by its source, and a failed change keeps nothing',
      withStore(fresh, async ({ store }) => {
        const source = (name: string, problem = '') =>
          create(DiscoverySourceSchema, {
            name,
            listed: true,
            problem,
            objects: [{ object: `${name}/x`, source: name, backendId: 'x', backend: backend('x'), groupIds: ['g'] }],
          });
        await store.configuration.change(async ({ discovery }) => {
          await discovery.putSource(source('Service b'));
          await discovery.putSource(source('Service a'));
          await discovery.putSource(source('Service a', 'wörse'));
        });
        const failed = store.configuration.change(async ({ discovery }) => {
          await discovery.deleteSource('Service a');
          throw new Error('no');
        });
        await expect(failed).rejects.toThrow('no');
        expect((await store.configuration.read()).discovered).toEqual([
          source('Service a', 'wörse'),
          source('Service b'),
        ]);
        await store.configuration.change(({ discovery }) => discovery.deleteSource('Service b'));
        expect((await store.configuration.read()).discovered).toEqual([source('Service a', 'wörse')]);
      }),
    );
  });
}
