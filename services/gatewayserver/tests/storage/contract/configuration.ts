import { create, equals } from '@bufbuild/protobuf';
import { describe, expect, test } from '@jest/globals';
import {
  type Backend,
  Backend_ForwardedHeaders,
  BackendSchema,
  Group_Strategy,
  GroupSchema,
  PolicySchema,
} from '@trino-gateway/api/gateway';
import type { NewDatabase } from '../../support/databases.ts';
import { withStore } from '../../support/with-store.ts';

/** Backends, groups, policies and the transaction around their changes. */
export function configurationContract(fresh: NewDatabase): void {
  const backend = (id: string, more: Partial<Backend> = {}) =>
    create(BackendSchema, { id, url: `http://${id}.example:8080`, ...more } as Backend);

  describe('configuration', () => {
    test(
      'no field of a backend is lost or changed on the way',
      withStore(fresh, async ({ store }) => {
        const full = create(BackendSchema, {
          id: 'Full.backend_1-x',
          enabled: false,
          url: 'https://full.example',
          loadThreshold: 0.1 + 0.2,
          weight: 1_000_000,
          labels: { 'ü-key': 'wörld 🦆', empty: '' },
          forwardedHeaders: Backend_ForwardedHeaders.OMIT,
          probe: {
            statement: "SELECT 'it''s \\ %_'",
            user: 'probe',
            password: 'pässword\u0000',
            tokenFile: '/run/töken',
          },
          managedBy: 'file',
        });
        const put = await store.configuration.change((change) => change.backends.put(full));
        const got = await store.configuration.change((change) => change.backends.get(full.id));
        for (const stored of [put, got, (await store.configuration.read()).backends[0]]) {
          expect(stored?.draining).toBe(false);
          expect(stored && equals(BackendSchema, stored.backend, full)).toBe(true);
        }
      }),
    );

    test(
      'no field of a group or a policy is lost, whatever the rule',
      withStore(fresh, async ({ store }) => {
        const group = create(GroupSchema, {
          id: 'g',
          enabled: true,
          backendIds: ['b', 'a'],
          strategy: Group_Strategy.AFFINITY,
          managedBy: 'file',
        });
        const policies = [
          create(PolicySchema, {
            id: 'client',
            enabled: true,
            rule: { case: 'clientTags', value: { anyOf: ['x'], allOf: ['Y', 'z'] } },
            groupId: 'g',
          }),
          create(PolicySchema, {
            id: 'host',
            enabled: false,
            rule: { case: 'host', value: 'h' },
            groupId: 'g',
            fallbackGroupId: 'f',
            authDelegated: true,
            requestSource: 's',
            managedBy: 'file',
          }),
          create(PolicySchema, { id: 'port', enabled: true, rule: { case: 'listeningPort', value: 1 }, groupId: 'g' }),
          create(PolicySchema, {
            id: 'prop',
            enabled: true,
            rule: { case: 'connectionProperties', value: { properties: { a: 'b=c' }, exact: '' } },
            groupId: 'g',
          }),
        ];
        await store.configuration.change(async (change) => {
          await change.groups.put(group);
          for (const policy of policies) await change.policies.put(policy);
        });
        const stored = await store.configuration.read();
        expect(stored.groups).toEqual([group]);
        expect(stored.policies).toEqual(policies);
      }),
    );

    test(
      'the condition, which is computed, is never stored',
      withStore(fresh, async ({ store }) => {
        const put = await store.configuration.change((change) =>
          change.backends.put(
            backend('a', create(BackendSchema, { id: 'a', condition: { draining: true, liveQueries: 3 } })),
          ),
        );
        expect(put.backend.condition).toBeUndefined();
      }),
    );

    test(
      'lists come in the order of bytes and ids differ by case',
      withStore(fresh, async ({ store }) => {
        const ids = ['a', 'B', 'b', 'A', '_', 'a-b', 'a.b', 'ab', '10', '9'];
        const listed = await store.configuration.change(async (change) => {
          for (const id of ids) await change.backends.put(backend(id));
          return change.backends.list();
        });
        const expected = ids.toSorted();
        expect(listed.map((one) => one.backend.id)).toEqual(expected);
        expect((await store.configuration.read()).backends.map((one) => one.backend.id)).toEqual(expected);
      }),
    );

    test(
      'a Put without enabled neither enables a disabled object nor disables an enabled one',
      withStore(fresh, async ({ store }) => {
        await store.configuration.change(async ({ backends, groups, policies }) => {
          expect((await backends.put(backend('a'))).backend.enabled).toBe(true);
          await backends.setEnabled('a', false);
          expect((await backends.put(backend('a', { weight: 7 }))).backend).toMatchObject({
            enabled: false,
            weight: 7,
          });
          expect((await backends.put(backend('a', { enabled: true }))).backend).toMatchObject({
            enabled: true,
            weight: 0,
          });
          const group = create(GroupSchema, { id: 'g', enabled: false });
          await groups.put(group);
          expect((await groups.put(create(GroupSchema, { id: 'g' }))).enabled).toBe(false);
          await policies.put(create(PolicySchema, { id: 'p' }));
          expect((await policies.setEnabled('p', false))?.enabled).toBe(false);
          expect((await policies.get('p'))?.enabled).toBe(false);
        });
      }),
    );

    test(
      'a Put does not end a drain, enabling does',
      withStore(fresh, async ({ store }) => {
        await store.configuration.change(async ({ backends }) => {
          await backends.put(backend('a'));
          expect(await backends.drain('a')).toMatchObject({ draining: true, backend: { enabled: true } });
          expect((await backends.put(backend('a', { weight: 2, enabled: true }))).draining).toBe(true);
          expect((await backends.setEnabled('a', false))?.draining).toBe(true);
          expect(await backends.setEnabled('a', true)).toMatchObject({ draining: false, backend: { weight: 2 } });
        });
      }),
    );

    test(
      'a missing object is reported as missing',
      withStore(fresh, async ({ store }) => {
        await store.configuration.change(async ({ backends, groups }) => {
          expect(await backends.get('no')).toBeUndefined();
          expect(await backends.setEnabled('no', true)).toBeUndefined();
          expect(await backends.drain('no')).toBeUndefined();
          expect(await backends.delete('no')).toBe(false);
          await groups.put(create(GroupSchema, { id: 'g' }));
          expect(await groups.delete('g')).toBe(true);
          expect(await groups.delete('g')).toBe(false);
          expect(await groups.list()).toEqual([]);
        });
      }),
    );

    test(
      'repeating a write does not report a missing object',
      withStore(fresh, async ({ store }) => {
        await store.configuration.change(async ({ backends }) => {
          await backends.put(backend('a'));
          await backends.put(backend('a'));
          expect((await backends.setEnabled('a', true))?.backend.id).toBe('a');
          await backends.drain('a');
          expect((await backends.drain('a'))?.draining).toBe(true);
        });
      }),
    );

    test(
      'a change that fails leaves nothing behind, not even a revision',
      withStore(fresh, async ({ store }) => {
        await store.configuration.change((change) => change.backends.put(backend('kept')));
        const before = await store.configuration.read();
        const refusal = new Error('refused by the caller');
        const change = store.configuration.change(async ({ backends, groups }) => {
          await backends.delete('kept');
          await groups.put(create(GroupSchema, { id: 'g' }));
          throw refusal;
        });
        await expect(change).rejects.toBe(refusal);
        expect(await store.configuration.read()).toEqual(before);
      }),
    );

    test(
      'every change is counted once',
      withStore(fresh, async ({ store }) => {
        for (const expected of [1, 2, 3]) {
          await store.configuration.change((change) => change.backends.put(backend('a')));
          expect((await store.revisions.read()).configuration).toBe(expected);
          expect((await store.configuration.read()).revision).toBe(expected);
        }
      }),
    );

    test(
      'a read inside a change sees the change and does not wait for it',
      withStore(fresh, async ({ store }) => {
        await store.configuration.change(async (change) => {
          await change.backends.put(backend('a'));
          expect((await store.configuration.read()).backends).toHaveLength(1);
        });
      }),
    );

    test(
      'a read beside an open change does not see it',
      withStore(fresh, async ({ store }) => {
        const written = Promise.withResolvers<void>();
        const change = store.configuration.change(async ({ backends }) => {
          await backends.put(backend('a'));
          written.resolve();
          // Long enough for the read to run, where the engine allows it.
          await new Promise((resolve) => setTimeout(resolve, 50));
          throw new Error('undone');
        });
        await written.promise;
        expect((await store.configuration.read()).backends).toEqual([]);
        await expect(change).rejects.toThrow('undone');
      }),
    );

    test(
      'parallel read-modify-write changes lose no update',
      withStore(fresh, async ({ store }) => {
        await store.configuration.change((change) => change.backends.put(backend('counter')));
        const increment = () =>
          store.configuration.change(async ({ backends }) => {
            const stored = await backends.get('counter');
            if (stored === undefined) throw new Error('the counter is gone');
            await backends.put({ ...stored.backend, weight: stored.backend.weight + 1 });
          });
        await Promise.all(Array.from({ length: 200 }, increment));
        expect((await store.configuration.read()).backends[0]?.backend.weight).toBe(200);
        expect((await store.revisions.read()).configuration).toBe(201);
      }),
    );

    test(
      'a call that outlives its change cannot write into the next one',
      withStore(fresh, async ({ store }) => {
        const escaped = await store.configuration.change(async (change) => ({
          put: () => change.backends.put(backend('late')),
        }));
        await expect(escaped.put()).rejects.toThrow('over');
        expect((await store.configuration.read()).backends).toEqual([]);
      }),
    );

    test(
      'a failed statement shows neither SQL nor values',
      withStore(fresh, async ({ store }) => {
        const secret = `${'x'.repeat(600)}-secret`;
        const failure = await store.incarnations
          .record({
            $typeName: 'trinogateway.v1.Incarnation',
            suffix: 's',
            backendId: 'b',
            url: secret,
            forwardedHeaders: 0,
          })
          .then(
            () => undefined,
            (error: unknown) => error,
          );
        // SQLite takes any length; a server refuses it with its own message.
        expect(
          failure === undefined ||
            !JSON.stringify(failure, Object.getOwnPropertyNames(failure as object)).includes('secret'),
        ).toBe(true);
      }),
    );
  });
}
