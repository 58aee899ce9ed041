import { create } from '@bufbuild/protobuf';
import { describe, expect, test } from '@jest/globals';
import { BackendSchema, RoutingChainSchema } from '@trino-gateway/api/gateway';
import { isSealed } from '@trino-gateway/api/sealed-secret';
import { silentLogger } from '@trino-gateway/runtime';
import { openDataSource } from '../../../src/storage/data-source.ts';
import { parseDatabaseUrl } from '../../../src/storage/engines/database-url.ts';
import { migrateUp, openStore, type Store } from '../../../src/storage/index.ts';
import type { NewDatabase } from '../../support/databases.ts';

const [OLD, NEW, OTHER] = ['old', 'new', 'other'].map((name) => `${name} key `.repeat(4)) as [string, string, string];
const PASSWORD = 'hunter2-of-the-probe';

const backend = (id: string, password = PASSWORD) =>
  create(BackendSchema, { id, url: `http://${id}`, probe: { user: 'checker', password } });

/** A migrated database. */
type WithKeys = {
  /** Works on it with these keys. */
  using: ReturnType<typeof usingAt>;
  /** All that a table says, that of backends unless told otherwise. */
  stored(table?: string): Promise<string>;
};

function usingAt(url: string) {
  return async <T>(secretsKeys: string[], work: (store: Store) => Promise<T>): Promise<T> => {
    await using store = await openStore({ url, secretsKeys, timeLimitMs: 20_000, logger: silentLogger });
    return await work(store);
  };
}

async function storedAt(url: string, table = 'backends'): Promise<string> {
  const source = await openDataSource(parseDatabaseUrl(url), { poolSize: 1, timeLimitMs: 20_000 });
  try {
    return JSON.stringify(await source.query(`SELECT * FROM ${table}`));
  } finally {
    await source.destroy();
  }
}

/** Secrets inside objects: encrypted while they are stored, where there is a key. */
export function secretsContract(fresh: NewDatabase): void {
  const withDatabase = (body: (database: WithKeys) => Promise<void>) => async () => {
    await using database = await fresh();
    await migrateUp(database.url);
    await body({ using: usingAt(database.url), stored: (table) => storedAt(database.url, table) });
  };
  const put =
    (...backends: ReturnType<typeof backend>[]) =>
    (store: Store) =>
      store.configuration.change(async (change) => {
        for (const one of backends) await change.backends.put(one);
      });
  const passwords = async (store: Store) =>
    (await store.configuration.read()).backends.map(({ backend: { probe } }) => probe?.password);
  const protect = (store: Store) => store.configuration.protectSecrets();

  describe('secrets', () => {
    test(
      'are encrypted where there is a key, each anew, and come back as they were',
      withDatabase(async ({ using, stored }) => {
        await using([NEW], put(backend('a'), backend('b', 'Pässwörd "x"'), backend('c', '')));
        expect(await stored()).not.toContain(PASSWORD);
        const before = await stored();
        await using([NEW], put(backend('a')));
        expect(await stored()).not.toBe(before);
        expect(await using([NEW], passwords)).toEqual([PASSWORD, 'Pässwörd "x"', '']);
        expect(await using([NEW], protect)).toEqual({ clear: [], unreadable: [] });
      }),
    );

    test(
      'without a key are stored in clear, which is reported; with one they are encrypted at once, and by the next write',
      withDatabase(async ({ using, stored }) => {
        await using([], put(backend('a'), backend('b')));
        expect(await using([], protect)).toEqual({ clear: ['backend a', 'backend b'], unreadable: [] });
        expect(await stored()).toContain(PASSWORD);
        expect(await using([NEW], passwords)).toEqual([PASSWORD, PASSWORD]);
        await using([NEW], put(backend('a'), backend('b')));
        expect(await stored()).not.toContain(PASSWORD);
        await using([], put(backend('a')));
        const before = await using([NEW], (store) => store.revisions.read());
        expect(await using([NEW], protect)).toEqual({ clear: [], unreadable: [] });
        expect((await using([NEW], (store) => store.revisions.read())).configuration).toBe(before.configuration + 1);
        expect(await stored()).not.toContain(PASSWORD);
      }),
    );

    test(
      'change their key: the first of the list encrypts, and the others are not needed any more',
      withDatabase(async ({ using }) => {
        await using([OLD], put(backend('a')));
        await using([NEW, OLD], protect);
        expect(await using([NEW], passwords)).toEqual([PASSWORD]);
        const { configuration } = await using([NEW, OLD], (store) => store.revisions.read());
        await using([NEW, OLD], protect);
        expect((await using([NEW], (store) => store.revisions.read())).configuration).toBe(configuration);
      }),
    );

    test(
      'that no key opens stay encrypted, through every write, until there is the right key',
      withDatabase(async ({ using }) => {
        await using([OLD], put(backend('a')));
        for (const keys of [[], [OTHER]]) {
          expect(await using(keys, protect)).toEqual({ clear: [], unreadable: ['backend a'] });
          await using(keys, async (store) => {
            const [sealed = ''] = await passwords(store);
            expect(isSealed(sealed)).toBe(true);
            await put(backend('a', sealed))(store);
            await store.configuration.change(({ backends }) => backends.setEnabled('a', false));
          });
        }
        expect(await using([OTHER, OLD], passwords)).toEqual([PASSWORD]);
      }),
    );

    test(
      'are tokens, too: each is encrypted at its own place, by a start and by a write',
      withDatabase(async ({ using, stored }) => {
        const withToken = create(BackendSchema, { id: 'a', url: 'http://a', probe: { token: PASSWORD } });
        await using([], put(withToken));
        expect(await using([], protect)).toEqual({ clear: ['backend a'], unreadable: [] });
        expect(await using([NEW], protect)).toEqual({ clear: [], unreadable: [] });
        expect(await stored()).not.toContain(PASSWORD);
        const tokenOf = async (store: Store) =>
          (await store.configuration.read()).backends[0]?.backend.probe?.token ?? '';
        expect(await using([NEW], tokenOf)).toBe(PASSWORD);
        const sealed = await using([], tokenOf);
        expect(await using([OTHER], protect)).toEqual({ clear: [], unreadable: ['backend a'] });
        // As the password of the same backend it opens nowhere.
        await using([], put(backend('a', sealed)));
        const [asPassword = ''] = (await using([NEW], passwords)) as string[];
        expect(isSealed(asPassword)).toBe(true);
      }),
    );

    test(
      'are those of the routing chain, too, in every version of it, each at its own step',
      withDatabase(async ({ using, stored }) => {
        const chain = create(RoutingChainSchema, {
          steps: [
            { id: 'outside', kind: { case: 'external', value: { token: PASSWORD } } },
            { id: 'cost', kind: { case: 'explainCost', value: { password: PASSWORD } } },
          ],
        });
        const add = (store: Store) => store.configuration.change(({ routingChain }) => routingChain.add(chain));
        await using([], add);
        await using([], add);
        expect(await using([], protect)).toEqual({
          clear: ['routing chain version 1', 'routing chain version 2'],
          unreadable: [],
        });
        expect(await stored('routing_chains')).toContain(PASSWORD);
        expect(await using([NEW], protect)).toEqual({ clear: [], unreadable: [] });
        await using([NEW], add);
        expect(await stored('routing_chains')).not.toContain(PASSWORD);
        for (const version of [1, 2, 3])
          expect((await using([NEW], ({ configuration }) => configuration.chainVersion(version)))?.steps).toEqual(
            chain.steps,
          );
        expect((await using([OTHER], protect)).unreadable).toHaveLength(3);
        const [outside, cost] =
          (await using([], ({ configuration }) => configuration.read())).routingChain?.steps ?? [];
        const swapped = {
          ...chain,
          steps: [
            { ...outside, id: 'cost' },
            { ...cost, id: 'outside' },
          ],
        } as typeof chain;
        await using([], (store) => store.configuration.change(({ routingChain }) => routingChain.add(swapped)));
        expect((await using([NEW], protect)).unreadable).toEqual(['routing chain version 4']);
      }),
    );

    test(
      'that were copied to another backend, or changed, do not open',
      withDatabase(async ({ using }) => {
        await using([NEW], put(backend('a')));
        const [sealed = ''] = (await using([], passwords)) as string[];
        await using(
          [],
          put(backend('b', sealed), backend('c', `${sealed.slice(0, -8)}AAAAAAA=`), backend('d', 'sealed:v1:')),
        );
        const [own, ...others] = await using([NEW], passwords);
        expect(own).toBe(PASSWORD);
        for (const other of others) expect(isSealed(other)).toBe(true);
      }),
    );
  });
}
